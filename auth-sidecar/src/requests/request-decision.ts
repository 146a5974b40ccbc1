// What comes of a plain request to an http route: leave to go on, a refusal, or the way to the login page.

import type { Denial } from '@sallyport/contracts/denials'
import type { Result } from '@sallyport/contracts/result'

/** Headers, in lower case, that the request goes on to its backend with. */
export type RequestGrant = { readonly headers: Readonly<Record<string, string>> }

/** To be answered with 302; a path on the host that was asked. */
export type LoginRedirect = { readonly redirectTo: string }

/** A decision and what the log may say about it. */
export type RequestDecision = {
  readonly outcome: Result<RequestGrant, Denial | LoginRedirect>
  readonly route?: string
  readonly clientAddress?: string
  readonly origin?: string | undefined
}
