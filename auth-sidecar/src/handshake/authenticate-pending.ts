// The first message of a pending socket: its token judged exactly as a bearer's at that route, by the policy in force
// now. The backend only carries it; it is told an identity, or which close the socket ends with.

import type {
  AuthenticateAnswer,
  AuthenticateRequest,
} from '@sallyport/contracts/authority-questions'
import { type Denial, refuse } from '@sallyport/contracts/denials'
import type { Identity } from '@sallyport/contracts/identity'
import { ok, type Result } from '@sallyport/contracts/result'
import type { CurrentAuthority } from '../authority/current-authority.ts'
import type { AttemptLimiter } from '../limits/attempt-limiter.ts'
import type { ActivePolicy } from '../policy/policy-source.ts'
import { admitIdentity } from './admit-identity.ts'
import { checkOrigin } from './check-origin.ts'
import { attemptKey, refuseBlocked, settleAttempt } from './count-attempt.ts'
import type { Decision } from './decide-handshake.ts'

export type AuthenticateDeps = {
  readonly policy: {
    readonly current: () => Pick<ActivePolicy, 'route' | 'claimNames' | 'policy' | 'addressKind'>
  }
  readonly attempts: Pick<AttemptLimiter, 'count' | 'giveBack'>
  readonly currentAuthority: Pick<CurrentAuthority, 'byToken'>
  readonly now: () => number
}

/** A decision as of a handshake; the upgrade was counted, so this is not. Rejects only on an outage. */
export async function authenticatePending(
  request: AuthenticateRequest,
  deps: AuthenticateDeps,
): Promise<Decision<{ readonly identity: Identity }>> {
  const { route, clientAddress, origin } = request
  const outcome = await decide(request, deps)
  // A route that is not there any more is no name of ours: kept out of the log and the metric.
  const isRoute = deps.policy.current().route(route) !== undefined
  return { outcome, clientAddress, origin, ...(isRoute && { route }) }
}

async function decide(
  { token, route: name, origin, clientAddress }: AuthenticateRequest,
  deps: AuthenticateDeps,
): Promise<Result<{ readonly identity: Identity }, Denial>> {
  const active = deps.policy.current()
  const route = active.route(name)
  if (route?.kind !== 'websocket') return refuse('not-allowed', 'route')
  if (!route.ways.includes('first-message')) return refuse('not-allowed', 'way-off')
  const known = checkOrigin(origin, false, route)
  if (!known.ok) return known
  const kind = active.addressKind(clientAddress)
  const open = refuseBlocked(kind)
  if (!open.ok) return open

  const expected = { use: 'bearer', audience: route.audience } as const
  const authority = await deps.currentAuthority.byToken(token, expected)
  if (!authority.ok) return refuse('invalid-credential', authority.error)

  const resolved = { authority: authority.value, way: 'first-message' } as const
  const identity = admitIdentity(resolved, { route, origin, policy: active })
  if (!identity.ok) return identity

  const source = { clientAddress, kind, isForeign: false }
  const key = kind === 'unlimited' ? undefined : attemptKey(source, route)
  const settled = await settleAttempt(key, identity.value, route, deps.attempts)
  if (!settled.ok) return settled
  const ttlMs = authority.value.expiresAtMs - deps.now()
  return ok({ identity: { ...identity.value, clientAddress, ttlMs } })
}

/** What the backend is told of a decision. */
export function authenticateAnswer(
  outcome: Result<{ readonly identity: Identity }, Denial>,
): AuthenticateAnswer {
  if (outcome.ok) return { outcome: 'authenticated', identity: outcome.value.identity }
  const { code, retryAfterSeconds = 1 } = outcome.error
  if (code === 'rate-limited') {
    return { outcome: 'refused', close: 'rateLimited', retryAfterMs: retryAfterSeconds * 1000 }
  }
  const close = code === 'invalid-credential' ? 'tokenInvalid' : 'forbidden'
  return { outcome: 'refused', close }
}
