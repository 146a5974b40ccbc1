// The session cookie of a request. Knows the form of the secret in it, not what a session is.

import { ok, type Result } from '@sallyport/contracts/result'
import { type CookieFault, readCookie } from './cookie-header.ts'

export type { CookieFault } from './cookie-header.ts'

/** The secret inside the cookie: 256 bits, base64url. Anything else cannot be one of ours. */
const secretForm = /^[A-Za-z0-9_-]{43}$/

/** Reads the session secret; `undefined` when the cookie is absent, `''` when its value cannot be a secret of ours. */
export function readSessionCookie(
  cookieHeader: string | undefined,
  cookieName: string,
): Result<string | undefined, CookieFault> {
  const found = readCookie(cookieHeader, cookieName)
  return found.ok && found.value !== undefined && !secretForm.test(found.value) ? ok('') : found
}
