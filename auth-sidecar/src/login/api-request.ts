// What a handler of the HTTP API is told and what it answers; keeps Express out of the domain.

import type { Denial } from '@sallyport/contracts/denials'
import type { LoginAnswer } from '@sallyport/contracts/login-answer'
import type { Result } from '@sallyport/contracts/result'
import type { CurrentAuthority } from '../authority/current-authority.ts'
import { readSessionCookie } from '../credentials/session-cookie.ts'
import { cookieName, type SessionCookieOptions } from './session-cookies.ts'

/** The parts of a request that sign-in and sign-out look at. */
export type ApiRequest = {
  /** Parsed JSON, of any shape; undefined when there was none. */
  readonly body: unknown
  readonly cookieHeader: string | undefined
  readonly authorization: string | undefined
  /** Judged already; undefined when none was sent. */
  readonly origin: string | undefined
  /** Traefik's remote address. */
  readonly clientAddress: string
  /** True when the request came from this machine, and for it, by everything that is known of its way here. */
  readonly isFromLoopback: boolean
}

/** An answer: cookies to set, whether or not it is a denial, and a body or none. */
export type ApiAnswer<Body = LoginAnswer> = {
  readonly outcome: Result<Body | undefined, Denial>
  readonly setCookies?: readonly string[]
}

/** What a credential of a request is worth now. */
export type CredentialJudge = Pick<CurrentAuthority, 'byToken' | 'bySession'>

/** The session secret a request carries, under the name the cookie really has. */
export function sessionSecretOf(
  request: Pick<ApiRequest, 'cookieHeader'>,
  cookies: Pick<SessionCookieOptions, 'name' | 'secure'>,
) {
  return readSessionCookie(request.cookieHeader, cookieName(cookies.name, cookies.secure))
}
