// The session cookie of a request. Knows the Cookie header's form, not what a session is.

import { err, ok, type Result } from '@sallyport/contracts/result'

/** The secret inside the cookie: 256 bits, base64url. Anything else cannot be one of ours. */
const secretForm = /^[A-Za-z0-9_-]{43}$/

/** A cookie named twice is refused: parsers disagree on which one counts (RFC 6265 5.4 leaves the order open). */
export type CookieFault = 'cookie-twice'

/**
 * Reads the session secret; `undefined` when the cookie is absent, `''` when its value cannot be a secret of ours.
 * Strict on purpose: no percent-decoding, no quoted values, blanks only where RFC 6265 4.2.1 has them.
 */
export function readSessionCookie(
  cookieHeader: string | undefined,
  cookieName: string,
): Result<string | undefined, CookieFault> {
  let found: string | undefined
  for (const pair of cookieHeader?.split(';') ?? []) {
    const separator = pair.indexOf('=')
    const name = (separator < 0 ? pair : pair.slice(0, separator)).trim()
    if (name !== cookieName) continue
    if (found !== undefined) return err('cookie-twice')
    const value = separator < 0 ? '' : pair.slice(separator + 1).trim()
    found = secretForm.test(value) ? value : ''
  }
  return ok(found)
}
