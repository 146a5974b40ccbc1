// What somebody else chose, made fit for a line of the log. Knows nothing of lines and their fields.

/**
 * At most 256 printable ASCII characters of a text, `?` in place of others: escaping alone would let direction marks
 * through, and a dollar with a brace begins a lookup in some readers of logs.
 */
export function printableText(value: string): string {
  return value.slice(0, 256).replace(/[^\x20-\x7e]|\$(?=\{)/g, '?')
}
