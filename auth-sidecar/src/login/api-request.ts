// What a handler of the HTTP API is told and what it answers; keeps Express out of the domain.

import type { Denial } from '@sallyport/contracts/denials'
import type { LoginAnswer } from '@sallyport/contracts/login-answer'
import type { Result } from '@sallyport/contracts/result'
import { readSessionCookie } from '../credentials/session-cookie.ts'
import { cookieName, type SessionCookieOptions } from './session-cookies.ts'

/** The parts of a request that sign-in and sign-out look at. */
export type ApiRequest = {
  /** Parsed JSON, of any shape; undefined when there was none. */
  readonly body: unknown
  readonly cookieHeader: string | undefined
  readonly authorization: string | undefined
  /** Traefik's remote address. */
  readonly clientAddress: string
}

/** An answer: cookies to set, whether or not it is a denial, and a body or none. */
export type ApiAnswer = {
  readonly outcome: Result<LoginAnswer | undefined, Denial>
  readonly setCookies?: readonly string[]
}

/** The session secret a request carries, under the name the cookie really has. */
export function sessionSecretOf(request: ApiRequest, cookies: SessionCookieOptions) {
  return readSessionCookie(request.cookieHeader, cookieName(cookies.name, cookies.secure))
}
