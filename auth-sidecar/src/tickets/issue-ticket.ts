// `POST /auth/ticket`: a live session → a single-use ticket for one handshake, for clients that can set neither a
// header nor a cookie on it. Who may connect is judged at the handshake, where the ticket is burnt.

import { addressKey } from '@sallyport/contracts/address-key'
import { type Denial, refuse } from '@sallyport/contracts/denials'
import type { Route } from '@sallyport/contracts/policy'
import { ok, type Result } from '@sallyport/contracts/result'
import type { Log } from '@sallyport/service-kit/log'
import { z } from 'zod'
import type { Authority } from '../authority/authority.ts'
import { type AttemptLimiter, attemptDenial } from '../limits/attempt-limiter.ts'
import type { ApiAnswer, ApiRequest } from '../login/api-request.ts'
import type { PolicySource } from '../policy/policy-source.ts'
import { createSecret, hashSecret } from '../sessions/session-secret.ts'
import { type ParentSessionDeps, parentSession } from './parent-session.ts'
import type { TicketStore } from './ticket-store.ts'

/** The answer's body; `protocol` is offered beside `sallyport.v1`. */
export type TicketAnswer = {
  readonly ticket: string
  /** Milliseconds from the moment the answer was made. */
  readonly expiresInMs: number
  readonly protocol: string
}

export type IssueTicketDeps = ParentSessionDeps & {
  readonly policy: Pick<PolicySource, 'current'>
  readonly tickets: Pick<TicketStore, 'create'>
  readonly ticketsByAddress: Pick<AttemptLimiter, 'count'>
  readonly ticketsBySession: Pick<AttemptLimiter, 'count'>
  /** For the metric: an outcome (`allowed` or a denial's code) and its reason, constants both. */
  readonly countTicket: (outcome: string, reason: string) => void
  readonly log: Log
  readonly now: () => number
}

/** Long enough for a slow phone's handshake, too short to be of use to whoever finds one later. */
const ticketLifeMs = 30_000

const bodySchema = z.strictObject({ route: z.string().min(1).max(64).default('websocket') })

/** Issues a ticket. Rejects only on an outage. */
export async function issueTicket(
  request: ApiRequest,
  deps: IssueTicketDeps,
): Promise<ApiAnswer<TicketAnswer>> {
  const issued = await decideTicket(request, deps)
  if (!issued.ok) {
    const { code, reason } = issued.error
    deps.countTicket(code, reason)
    deps.log.debug({ clientAddress: request.clientAddress, code, reason }, 'ticket refused')
    return { outcome: issued }
  }
  deps.countTicket('allowed', 'session')
  return { outcome: issued }
}

async function decideTicket(
  request: ApiRequest,
  deps: IssueTicketDeps,
): Promise<Result<TicketAnswer, Denial>> {
  const byAddress = await deps.ticketsByAddress.count(addressKey(request.clientAddress))
  if (!byAddress.allowed) return attemptDenial(byAddress)

  const route = routeOf(request, deps)
  if (!route.ok) return route

  const authority = await parentSession(request, route.value.audience, deps)
  if (!authority.ok) return authority

  const { issuer, sessionId } = authority.value
  const bySession = await deps.ticketsBySession.count(`${issuer} ${sessionId}`)
  if (!bySession.allowed) return attemptDenial(bySession)

  return ok(await store(authority.value, route.value, request.origin, deps))
}

/** The route a ticket is asked for, if it takes tickets, and takes them from the page that asks. */
function routeOf(request: ApiRequest, deps: IssueTicketDeps): Result<Route, Denial> {
  const body = bodySchema.safeParse(request.body ?? {})
  if (!body.success) {
    const detail = 'Send JSON: {"route": "…"}, or nothing for the usual route'
    return refuse('malformed-request', 'ticket-body', { detail })
  }
  const route = deps.policy.current().route(body.data.route)
  if (route?.kind !== 'websocket') {
    return refuse('not-found', 'route', { detail: 'There is no such websocket route' })
  }
  if (!route.ways.includes('ticket')) {
    return refuse('not-allowed', 'way-off', { detail: 'This route takes no tickets' })
  }
  return mayAsk(request, route) ? ok(route) : refuse('origin-not-allowed', 'not-of-the-route')
}

/** The rule of the handshake, applied early: a ticket bound to an origin the route refuses would be of no use. */
function mayAsk({ origin, cookieHeader }: ApiRequest, route: Route): boolean {
  if (origin !== undefined) return route.origins.includes(origin)
  return route.allowMissingOrigin && cookieHeader === undefined
}

async function store(
  authority: Authority,
  route: Route,
  origin: string | undefined,
  deps: IssueTicketDeps,
): Promise<TicketAnswer> {
  const ticket = createSecret()
  const nowMs = deps.now()
  const expiresAtMs = Math.min(nowMs + ticketLifeMs, authority.expiresAtMs)
  const secretHash = hashSecret(ticket)
  await deps.tickets.create({ secretHash, authority, origin, route: route.name, expiresAtMs })
  return { ticket, expiresInMs: expiresAtMs - nowMs, protocol: `ticket.${ticket}` }
}
