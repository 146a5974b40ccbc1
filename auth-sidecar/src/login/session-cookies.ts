// The cookies of a session: the secret one no script can read, and its readable companion that only says "signed in".

import { signedInCookieName } from '@sallyport/contracts/login-answer'
import { type SerializeOptions, stringifySetCookie } from 'cookie'

export type SessionCookieOptions = {
  /** Configured name, without prefix. */
  readonly name: string
  /** Secure cookies carry the `__Host-` prefix: no Domain, Path=/, never from a sibling host (RFC 6265bis 4.1.3.2). */
  readonly secure: boolean
  readonly lifeMs: number
}

/** The name a cookie really has. */
export function cookieName(name: string, secure: boolean): string {
  return secure ? `__Host-${name}` : name
}

/** `Set-Cookie` values that sign a browser in. */
export function signedInCookies(secret: string, options: SessionCookieOptions): string[] {
  const { name, secure, lifeMs } = options
  const common = { path: '/', sameSite: 'lax', secure, maxAge: Math.floor(lifeMs / 1000) } as const
  return [
    serialize(cookieName(name, secure), secret, { ...common, httpOnly: true }),
    serialize(cookieName(signedInCookieName, secure), '1', common),
  ]
}

/** `Set-Cookie` values that remove both. */
export function signedOutCookies(options: SessionCookieOptions): string[] {
  const { name, secure } = options
  const common = { path: '/', sameSite: 'lax', secure, maxAge: 0 } as const
  return [
    serialize(cookieName(name, secure), '', { ...common, httpOnly: true }),
    serialize(cookieName(signedInCookieName, secure), '', common),
  ]
}

function serialize(name: string, value: string, options: SerializeOptions): string {
  return stringifySetCookie({ name, value, ...options })
}
