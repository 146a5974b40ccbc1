// The whole decision about one plain request to an http route, top to bottom; the sibling of decide-handshake.ts for
// applications behind the gate. Requests are not counted: each page makes dozens, and the flood wall stands before.
// A refusal is a value; an outage throws and becomes 503 at the edge.

import { type Denial, refuse } from '@sallyport/contracts/denials'
import type { Route } from '@sallyport/contracts/policy'
import { ok, type Result } from '@sallyport/contracts/result'
import { applicationHeaders } from '../handshake/application-headers.ts'
import { refuseBlocked } from '../handshake/count-attempt.ts'
import type { HeaderLines } from '../handshake/header-lines.ts'
import { type CredentialDeps, judgeCredentials } from '../handshake/judge-credentials.ts'
import type { ActivePolicy } from '../policy/policy-source.ts'
import { unmetDemand } from '../policy/who-may.ts'
import { checkRequestOrigin } from './check-request-origin.ts'
import { type HttpRequest, parseHttpRequest } from './http-request.ts'
import { loginRedirect } from './login-redirect.ts'
import { otherCookies } from './other-cookies.ts'
import type { RequestDecision, RequestGrant } from './request-decision.ts'

export type RequestDeps = CredentialDeps & {
  readonly policy: { readonly current: () => Pick<ActivePolicy, 'addressKind' | 'policy'> }
  /** The client by `X-Forwarded-For`; undefined when that does not say. */
  readonly clientAddressOf: (xForwardedFor: string) => string | undefined
}

/** Decides one request at a route from its header lines. Rejects only on an outage. */
export async function decideRequest(
  lines: HeaderLines,
  route: Route,
  deps: RequestDeps,
): Promise<RequestDecision> {
  const { routes } = deps.policy.current().policy
  const { clientAddressOf } = deps
  const parsed = parseHttpRequest(lines, route, { routes, clientAddressOf })
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
  const asked = { ...request, ...nothingElse }
  const resolved = await judgeCredentials(asked, { route, ways: route.ways }, deps)
  if (!resolved.ok) return resolved
  const { authority } = resolved.value
  const unmet = unmetDemand(route.who, authority)
  if (unmet !== undefined) return refuse('not-allowed', unmet)
  const headers = applicationHeaders(route, authority)
  if (!headers.ok) return headers
  const { session, token } = deps.cookieNames
  const cookie = otherCookies(request.cookieHeader, [session, token])
  return ok({ headers: cookie === undefined ? headers.value : { ...headers.value, cookie } })
}

/** What only a handshake can present. */
const nothingElse = { offered: { bearerTokens: [] }, tickets: [] }
