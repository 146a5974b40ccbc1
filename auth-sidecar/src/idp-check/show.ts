// How values from outside are printed: in quotes, without anything a terminal could obey, and never at full length.

const maxShownLength = 120

/** A value as text for a terminal. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text = JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return text.length > maxShownLength ? `${text.slice(0, maxShownLength)}…` : text
}
