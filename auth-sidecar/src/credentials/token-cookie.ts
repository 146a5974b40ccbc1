// The cookie that carries a token made for it. Does not look into the token: whoever verifies it demands its own `typ`.

import { ok, type Result } from '@sallyport/contracts/result'
import { maxTokenLength } from '@sallyport/contracts/token-bounds'
import { type CookieFault, readCookie } from './cookie-header.ts'

/** The cookie's configured name, without prefix. */
export const tokenCookieName = 'auth_token'

/** Reads the token; `undefined` when the cookie is absent, `''` when its value cannot be a token. */
export function readTokenCookie(
  cookieHeader: string | undefined,
  cookieName: string,
): Result<string | undefined, CookieFault> {
  const found = readCookie(cookieHeader, cookieName)
  return found.ok && (found.value?.length ?? 0) > maxTokenLength ? ok('') : found
}
