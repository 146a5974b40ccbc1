// The refusal an upgrade would get now, without being one: nothing is counted against the upgrade's attempts, no
// ticket burnt, no identity given out. It judges with the same steps, and tells no more than an upgrade tells.

import type { Denial } from '@sallyport/contracts/denials'
import type { CredentialWay } from '@sallyport/contracts/identity'
import type { Route } from '@sallyport/contracts/policy'
import { ok, type Result } from '@sallyport/contracts/result'
import type { Authority } from '../authority/authority.ts'
import { type AttemptLimiter, attemptDenial } from '../limits/attempt-limiter.ts'
import { checkOrigin } from './check-origin.ts'
import { type AttemptSource, attemptKey, refuseBlocked, subjectKey } from './count-attempt.ts'
import type { Decision, HandshakeDeps } from './decide-handshake.ts'
import type { ForwardedRequest, HeaderLines } from './handshake-request.ts'
import { judgeHolder } from './judge-credentials.ts'
import { parseProbe } from './probe-request.ts'

export type ProbeDeps = Omit<HandshakeDeps, 'attempts' | 'signerOf' | 'ticketInQuery' | 'now'> & {
  readonly attempts: Pick<AttemptLimiter, 'peek'>
  /** The probes' own budget. */
  readonly probes: Pick<AttemptLimiter, 'count'>
}

const allowed = ok(undefined)

/** Decides one probe of a route from its header lines. Rejects only on an outage. */
export async function decideProbe(
  lines: HeaderLines,
  route: Route,
  deps: ProbeDeps,
): Promise<Decision<void>> {
  const request = parseProbe(lines, route, deps)
  if (!request.ok) return { outcome: request, route: route.name }
  const { clientAddress, origin } = request.value
  const outcome = await decide(request.value, route, deps)
  return { outcome, route: route.name, clientAddress, origin }
}

async function decide(
  request: ForwardedRequest,
  route: Route,
  deps: ProbeDeps,
): Promise<Result<void, Denial>> {
  const policy = deps.policy.current()
  const { clientAddress, origin } = request
  const known = checkOrigin(origin, request.cookieHeader !== undefined, route)

  const source = { clientAddress, kind: policy.addressKind(clientAddress), isForeign: !known.ok }
  const budget = await checkBudgets(source, route, deps)
  if (!budget.ok) return budget
  if (!known.ok) return known

  const admitted = await judgeHolder(
    request,
    { route, ways: waysOfProbe(route.ways), policy },
    deps,
  )
  // `accepts` names the ways of the upgrade, not those of asking about it.
  if (!admitted.ok) return withAccepts(admitted.error, route.ways)
  return checkSubject(admitted.value.identity, source, route, deps)
}

/** A script can set `Authorization` on a probe: it stands in for the entry or the message it would use on a socket. */
function waysOfProbe(ways: readonly CredentialWay[]): readonly CredentialWay[] {
  const takesTokens = ways.includes('subprotocol') || ways.includes('first-message')
  return takesTokens && !ways.includes('authorization') ? [...ways, 'authorization'] : ways
}

async function checkBudgets(
  source: AttemptSource,
  route: Route,
  { probes, attempts }: Pick<ProbeDeps, 'probes' | 'attempts'>,
): Promise<Result<void, Denial>> {
  const open = refuseBlocked(source.kind)
  if (!open.ok || source.kind === 'unlimited') return open
  const key = attemptKey(source, route)
  const probe = await probes.count(`${key} probe`)
  if (!probe.allowed) return attemptDenial(probe)
  const attempt = await attempts.peek(key, route.attempts.perMinute)
  return attempt.allowed ? allowed : attemptDenial(attempt)
}

async function checkSubject(
  subject: Pick<Authority, 'issuer' | 'subject'>,
  source: AttemptSource,
  route: Route,
  { attempts }: Pick<ProbeDeps, 'attempts'>,
): Promise<Result<void, Denial>> {
  if (route.attempts.profile === 'strict' || source.kind === 'unlimited') return allowed
  const { perSubjectPerMinute } = route.attempts
  const attempt = await attempts.peek(subjectKey(subject, route), perSubjectPerMinute)
  return attempt.allowed ? allowed : attemptDenial(attempt)
}

function withAccepts(denial: Denial, accepts: readonly CredentialWay[]): Result<void, Denial> {
  return { ok: false, error: denial.accepts ? { ...denial, accepts } : denial }
}
