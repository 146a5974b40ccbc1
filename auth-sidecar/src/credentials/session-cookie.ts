// The session cookie of a request. Knows the Cookie header's form, not what a session is.

import { err, ok, type Result } from '@sallyport/contracts/result'

/** The secret inside the cookie: 256 bits, base64url. Anything else cannot be one of ours. */
const secretForm = /^[A-Za-z0-9_-]{43}$/

/** A cookie named twice is refused: parsers disagree on which one counts (RFC 6265 5.4 leaves the order open). */
export type CookieFault = 'cookie-twice'

/**
 * Reads the session secret; `undefined` when the cookie is absent, `''` when its value cannot be a secret of ours.
 * Strict on purpose: no percent-decoding, no quoted values, and only space and tab are blanks: `trim` would also take
 * off U+00A0, and a browser lets anybody set a cookie named U+00A0 `__Host-…`, whose prefix would then prove nothing.
 */
export function readSessionCookie(
  cookieHeader: string | undefined,
  cookieName: string,
): Result<string | undefined, CookieFault> {
  let found: string | undefined
  for (const pair of cookieHeader?.split(';') ?? []) {
    const separator = pair.indexOf('=')
    const name = withoutBlanks(separator < 0 ? pair : pair.slice(0, separator))
    if (name !== cookieName) continue
    if (found !== undefined) return err('cookie-twice')
    const value = separator < 0 ? '' : withoutBlanks(pair.slice(separator + 1))
    found = secretForm.test(value) ? value : ''
  }
  return ok(found)
}

function withoutBlanks(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '')
}
