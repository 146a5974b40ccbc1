// The whole decision about one plain request to an http route, top to bottom; the sibling of decide-handshake.ts for
// applications behind the gate. Requests are not counted: each page makes dozens, and the flood wall stands before.
// A refusal is a value; an outage throws and becomes 503 at the edge.

import { type Denial, refuse } from '@sallyport/contracts/denials'
import type { Route } from '@sallyport/contracts/policy'
import { ok, type Result } from '@sallyport/contracts/result'
import type { CurrentAuthority } from '../authority/current-authority.ts'
import { applicationHeaders } from '../handshake/application-headers.ts'
import { refuseBlocked } from '../handshake/count-attempt.ts'
import type { HeaderLines } from '../handshake/header-lines.ts'
import { type CookieNames, readCredentials } from '../handshake/read-credentials.ts'
import { resolveAuthority } from '../handshake/resolve-authority.ts'
import type { ActivePolicy } from '../policy/policy-source.ts'
import { whoMay } from '../policy/who-may.ts'
import { checkRequestOrigin } from './check-request-origin.ts'
import { type HttpRequest, parseHttpRequest } from './http-request.ts'
import { loginRedirect } from './login-redirect.ts'
import { otherCookies } from './other-cookies.ts'
import type { RequestDecision, RequestGrant } from './request-decision.ts'

export type RequestDeps = {
  readonly policy: { readonly current: () => Pick<ActivePolicy, 'addressKind'> }
  /** The client by `X-Forwarded-For`; undefined when that does not say. */
  readonly clientAddressOf: (xForwardedFor: string) => string | undefined
  readonly cookieNames: CookieNames
  readonly currentAuthority: Pick<CurrentAuthority, 'byToken' | 'bySession' | 'byTicket'>
}

/** Decides one request at a route from its header lines. Rejects only on an outage. */
export async function decideRequest(
  lines: HeaderLines,
  route: Route,
  deps: RequestDeps,
): Promise<RequestDecision> {
  const parsed = parseHttpRequest(lines, route, deps.clientAddressOf)
  if (!parsed.ok) return { outcome: parsed, route: route.name }
  const request = parsed.value
  const { clientAddress, origin } = request
  const decided = await decide(request, route, deps)
  const redirect = decided.ok ? undefined : loginRedirect(decided.error, request, route)
  const outcome = redirect ? { ok: false as const, error: redirect } : decided
  return { outcome, route: route.name, clientAddress, origin }
}

async function decide(
  request: HttpRequest,
  route: Route,
  deps: RequestDeps,
): Promise<Result<RequestGrant, Denial>> {
  const open = refuseBlocked(deps.policy.current().addressKind(request.clientAddress))
  if (!open.ok) return open
  const known = checkRequestOrigin(request, route)
  if (!known.ok) return known
  const presented = readCredentials({ ...request, ...nothingElse }, route.ways, deps.cookieNames)
  if (!presented.ok) return presented
  const { name, audience, ways } = route
  const context = { name, audience, ways, origin: request.origin }
  const resolved = await resolveAuthority(presented.value, context, deps.currentAuthority)
  if (!resolved.ok) return resolved
  const { authority } = resolved.value
  if (!whoMay(route.who, authority)) return refuse('not-allowed', 'policy')
  const headers = applicationHeaders(route, authority)
  if (!headers.ok) return headers
  const { session, token } = deps.cookieNames
  const cookie = otherCookies(request.cookieHeader, [session, token])
  return ok({ headers: cookie === undefined ? headers.value : { ...headers.value, cookie } })
}

/** What only a handshake can present. */
const nothingElse = { offered: { bearerTokens: [] }, tickets: [] }
