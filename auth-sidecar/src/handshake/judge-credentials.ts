// Steps 4 to 6 in their order, for everything that asks about a route: credentials → authority → policy and identity →
// headers. A handshake and the probe of one take the same steps here, so that they cannot come to differ. Counts nothing.

import type { Denial } from '@sallyport/contracts/denials'
import type { CredentialWay, StandingIdentity } from '@sallyport/contracts/identity'
import type { Route } from '@sallyport/contracts/policy'
import { ok, type Result } from '@sallyport/contracts/result'
import type { AdmissionContext, AdmitIdentity } from './admit-identity.ts'
import { type ApplicationHeaders, applicationHeaders } from './application-headers.ts'
import type { ForwardedRequest } from './handshake-request.ts'
import { type CookieNames, readCredentials } from './read-credentials.ts'
import { type ResolveDeps, type ResolvedAuthority, resolveAuthority } from './resolve-authority.ts'

/** Where credentials are presented. */
export type JudgedRoute = {
  readonly route: Route
  /** The ways a credential may come; the route's own, or those of asking about it. */
  readonly ways: readonly CredentialWay[]
}

export type CredentialDeps = {
  readonly cookieNames: CookieNames
  readonly currentAuthority: ResolveDeps
}

/** Whoever a route lets in. */
export type Admitted = {
  readonly identity: StandingIdentity
  readonly resolved: ResolvedAuthority
  readonly headers: ApplicationHeaders
}

/** Decides whose authority a request rests on. Rejects only on an outage. */
export function judgeCredentials(
  request: ForwardedRequest,
  { route, ways }: JudgedRoute,
  { cookieNames, currentAuthority }: CredentialDeps,
): Promise<Result<ResolvedAuthority, Denial>> {
  const presented = readCredentials(request, ways, cookieNames)
  if (!presented.ok) return Promise.resolve(presented)
  const { name, audience } = route
  const context = { name, audience, ways: route.ways, origin: request.origin }
  return resolveAuthority(presented.value, context, currentAuthority)
}

/** Decides whether a request's holder may open a socket at the route, and as whom. Rejects only on an outage. */
export async function judgeHolder(
  request: ForwardedRequest,
  where: JudgedRoute & Pick<AdmissionContext, 'policy'>,
  deps: CredentialDeps & { readonly admitIdentity: AdmitIdentity },
): Promise<Result<Admitted, Denial>> {
  const { route, policy } = where
  const { origin } = request
  const resolved = await judgeCredentials(request, where, deps)
  if (!resolved.ok) return resolved
  const identity = deps.admitIdentity(resolved.value, { route, origin, policy })
  if (!identity.ok) return identity
  const headers = applicationHeaders(route, resolved.value.authority)
  if (!headers.ok) return headers
  return ok({ identity: identity.value, resolved: resolved.value, headers: headers.value })
}
