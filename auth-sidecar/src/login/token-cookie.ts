// A token in a cookie (`auth_token`), set beside the session cookie where some route takes that way. It is of a kind
// of its own: refused as a bearer, as a bearer is refused in it. It lives as long as its token and is renewed with it.

import { tokenCookieName } from '../credentials/token-cookie.ts'
import type { SessionRecord } from '../sessions/session-store.ts'
import type { IssuedToken } from '../tokens/issue-token.ts'
import { httpOnlyCookie } from './session-cookies.ts'

export type TokenCookie = {
  /** Whether a route takes it now; the policy may change. */
  readonly isOn: () => boolean
  readonly issue: (session: SessionRecord) => Promise<IssuedToken>
}

type TokenCookieDeps = {
  readonly tokenCookie: TokenCookie
  readonly cookies: { readonly secure: boolean }
  readonly now: () => number
}

/** The `Set-Cookie` values that carry a fresh token of the session; none where no route takes them. */
export async function tokenCookies(
  session: SessionRecord,
  { tokenCookie, cookies, now }: TokenCookieDeps,
): Promise<string[]> {
  if (!tokenCookie.isOn()) return []
  const { compact, expiresAtMs } = await tokenCookie.issue(session)
  return [httpOnlyCookie(tokenCookieName, compact, expiresAtMs - now(), cookies)]
}

/** Removes it, also where no route takes it any more. */
export function removedTokenCookie(cookies: { readonly secure: boolean }): string {
  return httpOnlyCookie(tokenCookieName, '', 0, cookies)
}
