// Step 4, credentials: which ones are presented. At most one explicit one, and each cookie once.
// Reads values only after the origin was judged; verifies nothing.

import { authenticationDetails, type Denial, refuse } from '@sallyport/contracts/denials'
import type { CredentialWay } from '@sallyport/contracts/identity'
import { ok, type Result } from '@sallyport/contracts/result'
import { readBearer } from '../credentials/bearer.ts'
import { readSessionCookie } from '../credentials/session-cookie.ts'
import { readOfferedToken } from '../credentials/subprotocol.ts'
import { readTicket } from '../credentials/ticket.ts'
import { readTokenCookie } from '../credentials/token-cookie.ts'
import type { ForwardedRequest } from './handshake-request.ts'

/** A credential somebody presents on purpose: no browser attaches it by itself. */
export type ExplicitCredential = {
  readonly way: 'authorization' | 'subprotocol' | 'ticket'
  /** The compact token or the ticket; empty when it cannot be a ticket of ours. */
  readonly value: string
}

/** What a request presents. */
export type PresentedCredentials = {
  readonly explicit: ExplicitCredential | undefined
  /** The session cookie's secret; empty when it cannot be one of ours. */
  readonly sessionSecret: string | undefined
  /** The token cookie's token; empty when it cannot be one. */
  readonly cookieToken: string | undefined
}

/** The names the cookies really have, `__Host-` included. */
export type CookieNames = { readonly session: string; readonly token: string }

type Presented = Pick<ForwardedRequest, 'authorization' | 'cookieHeader' | 'offered' | 'tickets'>

function conflict(reason: string) {
  const detail = 'Several credentials were sent, or a cookie twice; send one'
  return refuse('conflicting-credentials', reason, { detail })
}

/**
 * Collects the credentials of a request by the ways that are on. An explicit one by a way that is off is refused,
 * for whoever sent it must learn of it; a cookie whose way is off is not looked at, for browsers attach it unasked.
 */
export function readCredentials(
  request: Presented,
  ways: readonly CredentialWay[],
  names: CookieNames,
): Result<PresentedCredentials, Denial> {
  const explicit = readExplicit(request, ways)
  if (!explicit.ok) return explicit
  const session = ways.includes('session-cookie')
    ? readSessionCookie(request.cookieHeader, names.session)
    : absent
  if (!session.ok) return conflict(session.error)
  const token = ways.includes('token-cookie')
    ? readTokenCookie(request.cookieHeader, names.token)
    : absent
  if (!token.ok) return conflict(token.error)
  return ok({ explicit: explicit.value, sessionSecret: session.value, cookieToken: token.value })
}

const absent = ok(undefined)

function readExplicit(
  request: Presented,
  ways: readonly CredentialWay[],
): Result<ExplicitCredential | undefined, Denial> {
  const { authorization, offered, tickets } = request
  if (authorization === undefined && offered.bearerTokens.length === 0 && tickets.length === 0) {
    return absent
  }
  const header = readBearer(authorization)
  const entry = readOfferedToken(offered)
  if (!entry.ok) return conflict(entry.error)
  const ticket = readTicket(tickets)
  if (!ticket.ok) return conflict(ticket.error)
  // The header is there even when it is no bearer's: it says something else than what stands beside it.
  const byHeader = header.ok ? header.value : ''
  if (byHeader !== undefined && entry.value !== undefined && byHeader !== entry.value) {
    return conflict('two-tokens')
  }
  if (ticket.value !== undefined && (byHeader ?? entry.value) !== undefined) {
    return conflict('ticket-and-token')
  }

  const isOff = (way: CredentialWay, value: string | undefined): boolean =>
    value !== undefined && !ways.includes(way)
  if (
    isOff('authorization', byHeader) ||
    isOff('subprotocol', entry.value) ||
    isOff('ticket', ticket.value)
  ) {
    const detail = authenticationDetails.invalid
    return refuse('invalid-credential', 'way-off', { detail, accepts: ways })
  }
  if (!header.ok) {
    const detail = authenticationDetails.invalid
    return refuse('invalid-credential', header.error, { detail, accepts: ways })
  }
  if (header.value !== undefined) return ok({ way: 'authorization', value: header.value })
  if (entry.value !== undefined) return ok({ way: 'subprotocol', value: entry.value })
  return ticket.value === undefined ? absent : ok({ way: 'ticket', value: ticket.value })
}
