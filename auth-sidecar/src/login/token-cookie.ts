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

/** A `Set-Cookie` value, what its token can be revoked by, and when that ends (wall clock, ms). */
export type FreshTokenCookie = Omit<IssuedToken, 'compact'> & { readonly setCookie: string }

/** A cookie with a fresh token of the session; undefined where no route takes one. */
export async function freshTokenCookie(
  session: SessionRecord,
  { tokenCookie, cookies, now }: TokenCookieDeps,
): Promise<FreshTokenCookie | undefined> {
  if (!tokenCookie.isOn()) return undefined
  const { compact, ...issued } = await tokenCookie.issue(session)
  const lifeMs = issued.expiresAtMs - now()
  return { setCookie: httpOnlyCookie(tokenCookieName, compact, lifeMs, cookies), ...issued }
}

/** Removes it, also where no route takes it any more. */
export function removedTokenCookie(cookies: { readonly secure: boolean }): string {
  return httpOnlyCookie(tokenCookieName, '', 0, cookies)
}
