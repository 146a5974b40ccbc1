// A handshake that will say who it is with its first message: whether it is let in as one, and as what.

import { authenticationDetails, type Denial, refuse } from '@sallyport/contracts/denials'
import type { PendingIdentity } from '@sallyport/contracts/identity'
import { backendAudience } from '@sallyport/contracts/identity-assertion'
import type { Route } from '@sallyport/contracts/policy'
import { ok, type Result } from '@sallyport/contracts/result'
import type { HandshakeRequest } from './handshake-request.ts'

const notAsked = ok(undefined)

/**
 * The identity of a socket that may only authenticate; undefined when none is asked for, or something explicit is
 * presented already. Cookies are not looked at: a browser attaches them unasked.
 */
export function readPending(
  { offered, authorization, tickets, clientAddress, origin }: HandshakeRequest,
  route: Pick<Route, 'name' | 'ways' | 'backend'>,
): Result<PendingIdentity | undefined, Denial> {
  const isExplicit =
    authorization !== undefined || offered.bearerTokens.length > 0 || tickets.length > 0
  if (!offered.offersFirstMessage || isExplicit) return notAsked
  // No other backend knows sockets that may only authenticate: to it this one would be in.
  if (route.ways.includes('first-message') && route.backend === backendAudience) {
    const pending = { route: route.name, clientAddress }
    return ok(origin === undefined ? pending : { ...pending, origin })
  }
  // Our protocol beside it can still be selected; without it there is nothing that could.
  if (offered.offersOurs) return notAsked
  const detail = authenticationDetails.required
  return refuse('authentication-required', 'way-off', { detail, accepts: route.ways })
}
