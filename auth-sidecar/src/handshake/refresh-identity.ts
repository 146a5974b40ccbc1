// A new token for a live socket: judged exactly as a bearer's at its route, by the policy in force now. The backend only
// carries it; it is told who goes on under the socket, that nothing changes, or why the token is not taken.

import type {
  RefreshAnswer,
  RefreshFault,
  RefreshRequest,
} from '@sallyport/contracts/authority-questions'
import { type Identity, restsOnCookie } from '@sallyport/contracts/identity'
import { err, ok, type Result } from '@sallyport/contracts/result'
import type { Authority } from '../authority/authority.ts'
import type { CurrentAuthority } from '../authority/current-authority.ts'
import type { ActivePolicy } from '../policy/policy-source.ts'
import { admitIdentity } from './admit-identity.ts'
import { checkOrigin } from './check-origin.ts'
import { refuseBlocked } from './count-attempt.ts'

export type RefreshDeps = {
  readonly policy: { readonly current: () => RefreshPolicy }
  readonly currentAuthority: Pick<CurrentAuthority, 'byToken'>
  readonly now: () => number
}

type RefreshPolicy = Pick<ActivePolicy, 'route' | 'claimNames' | 'policy' | 'addressKind'>
type HeldIdentity = RefreshRequest['identity']

/** What the backend is told of a refusal, and what only the log is. */
export type RefreshRefusal = { readonly fault: RefreshFault; readonly reason: string }

/** The identity from now on, or `unchanged` for a socket that rests on its cookie. */
export type RefreshDecision = Result<Identity | 'unchanged', RefreshRefusal>

/** Decides whether a token goes on under a socket. The backend counts how often; rejects only on an outage. */
export async function refreshIdentity(
  { token, identity: held }: RefreshRequest,
  deps: RefreshDeps,
): Promise<RefreshDecision> {
  const policy = deps.policy.current()
  const route = policy.route(held.route)
  const taken = isStillTaken(held, route, policy)
  if (!taken.ok) return taken
  const expected = { use: 'bearer', audience: taken.value.audience } as const
  const judged = await deps.currentAuthority.byToken(token, expected)
  if (!judged.ok) return refused('invalid-credential', judged.error)
  const authority = judged.value

  const follows = followsOn(authority, held)
  if (!follows.ok) return follows
  const context = { route: taken.value, origin: held.origin, policy }
  const admitted = admitIdentity({ authority, way: held.way }, context)
  if (!admitted.ok) return refused('not-allowed', admitted.error.reason)
  if (restsOnCookie(held)) return ok('unchanged')
  const ttlMs = authority.expiresAtMs - deps.now()
  if (ttlMs <= 0) return refused('invalid-credential', 'token-expired')
  return ok({ ...admitted.value, clientAddress: held.clientAddress, ttlMs })
}

type Route = NonNullable<ReturnType<RefreshPolicy['route']>>

/** What was asked at the upgrade before any credential, asked again of where the socket came from. */
function isStillTaken(
  { way, origin, clientAddress }: HeldIdentity,
  route: Route | undefined,
  { addressKind }: RefreshPolicy,
): Result<Route, RefreshRefusal> {
  if (route?.kind !== 'websocket') return refused('not-allowed', 'route')
  if (!route.ways.includes(way)) return refused('not-allowed', 'way-off')
  const cameByCookie = way === 'session-cookie' || way === 'token-cookie'
  const known = checkOrigin(origin, cameByCookie, route)
  if (!known.ok) return refused('not-allowed', known.error.reason)
  const open = refuseBlocked(addressKind(clientAddress))
  return open.ok ? ok(route) : refused('not-allowed', open.error.reason)
}

/** Whether a good token is of whose socket it is, and not from before what that rests on. */
function followsOn(authority: Authority, held: HeldIdentity): Result<void, RefreshRefusal> {
  const { issuer, subject, sessionId, token } = authority
  if (issuer !== held.issuer || subject !== held.subject) return refused('other-subject', 'subject')
  // Nothing of another session can stand in for a cookie: ending that session would not end the socket.
  if (restsOnCookie(held) && sessionId !== held.sessionId)
    return refused('other-subject', 'session')
  // A token that does not say when it was issued is as old as can be.
  const isOlder = held.token !== undefined && (token?.issuedAtMs ?? 0) < held.token.issuedAtMs
  return isOlder ? refused('older-token', 'older-token') : ok(undefined)
}

function refused(
  fault: RefreshFault,
  reason: string,
): { readonly ok: false; readonly error: RefreshRefusal } {
  return err({ fault, reason })
}

/** What the backend is told of a decision. */
export function refreshAnswer(decision: RefreshDecision): RefreshAnswer {
  if (!decision.ok) return { outcome: 'refused', fault: decision.error.fault }
  const identity = decision.value
  return identity === 'unchanged' ? { outcome: 'unchanged' } : { outcome: 'refreshed', identity }
}
