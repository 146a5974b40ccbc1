// The cookies of a session: the secret one no script can read, its readable companion that only says "signed in",
// and, where a route takes it, a token in a cookie.

import { signedInCookieName } from '@sallyport/contracts/login-answer'
import { type SerializeOptions, stringifySetCookie } from 'cookie'

export type SessionCookieOptions = {
  /** Configured name, without prefix. */
  readonly name: string
  /** Secure cookies carry the `__Host-` prefix: no Domain, Path=/, never from a sibling host (RFC 6265bis 4.1.3.2). */
  readonly secure: boolean
  readonly lifeMs: number
}

type CookieScope = Pick<SessionCookieOptions, 'secure'>

/** The name a cookie really has. */
export function cookieName(name: string, secure: boolean): string {
  return secure ? `__Host-${name}` : name
}

/** `Set-Cookie` values that sign a browser in. */
export function signedInCookies(secret: string, options: SessionCookieOptions): string[] {
  const { name, lifeMs } = options
  return [
    httpOnlyCookie(name, secret, lifeMs, options),
    cookie(signedInCookieName, '1', lifeMs, options),
  ]
}

/** `Set-Cookie` values that remove both. */
export function signedOutCookies(options: SessionCookieOptions): string[] {
  return [httpOnlyCookie(options.name, '', 0, options), cookie(signedInCookieName, '', 0, options)]
}

/** A `Set-Cookie` value that no script can read; a life of 0 ms removes the cookie. */
export function httpOnlyCookie(
  name: string,
  value: string,
  lifeMs: number,
  scope: CookieScope,
): string {
  return cookie(name, value, lifeMs, scope, { httpOnly: true })
}

/** SameSite is said explicitly: only some browsers default to Lax. */
function cookie(
  name: string,
  value: string,
  lifeMs: number,
  { secure }: CookieScope,
  more: SerializeOptions = {},
): string {
  const maxAge = Math.max(0, Math.floor(lifeMs / 1000))
  return stringifySetCookie({
    name: cookieName(name, secure),
    value,
    path: '/',
    sameSite: 'lax',
    secure,
    maxAge,
    ...more,
  })
}
