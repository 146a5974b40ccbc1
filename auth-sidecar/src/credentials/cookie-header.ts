// One named cookie of a `Cookie` header. Knows the header's form, not what any cookie of ours is.

import { err, ok, type Result } from '@sallyport/contracts/result'

/** A cookie named twice is refused: parsers disagree on which one counts (RFC 6265 5.4 leaves the order open). */
export type CookieFault = 'cookie-twice'

/**
 * Reads a cookie's value; `undefined` when it is absent, `''` when it has none.
 * Strict on purpose: no percent-decoding, no quoted values, and only space and tab are blanks: `trim` would also take
 * off U+00A0, and a browser lets anybody set a cookie named U+00A0 `__Host-…`, whose prefix would then prove nothing.
 * One pass by hand: the hot path, and a pattern for "blanks, then the end" would take quadratic time on blanks.
 */
export function readCookie(
  header: string | undefined,
  name: string,
): Result<string | undefined, CookieFault> {
  let found: string | undefined
  if (header === undefined) return ok(found)
  for (let start = 0; start <= header.length; ) {
    const semicolon = header.indexOf(';', start)
    const end = semicolon < 0 ? header.length : semicolon
    const value = valueOf(header, name, start, end)
    if (value !== undefined) {
      if (found !== undefined) return err('cookie-twice')
      found = value
    }
    start = end + 1
  }
  return ok(found)
}

/** The value of the pair between two positions, if that is the pair of this name. */
function valueOf(header: string, name: string, start: number, end: number): string | undefined {
  const nameStart = afterBlanks(header, start, end)
  const nameEnd = nameStart + name.length
  if (nameEnd > end || !header.startsWith(name, nameStart)) return undefined
  const separator = afterBlanks(header, nameEnd, end)
  if (separator === end) return ''
  if (header[separator] !== '=') return undefined
  const valueStart = afterBlanks(header, separator + 1, end)
  let valueEnd = end
  while (valueEnd > valueStart && isBlank(header.charCodeAt(valueEnd - 1))) valueEnd -= 1
  return header.slice(valueStart, valueEnd)
}

function afterBlanks(text: string, start: number, end: number): number {
  let position = start
  while (position < end && isBlank(text.charCodeAt(position))) position += 1
  return position
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}
