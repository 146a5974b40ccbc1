// Step 3, address and attempts: before any credential is read, any signature checked, any store asked.
// Knows a route's numbers; how counting works is the limiter's.

import { addressKey } from '@sallyport/contracts/address-key'
import { type Denial, refuse } from '@sallyport/contracts/denials'
import type { Route } from '@sallyport/contracts/policy'
import { ok, type Result } from '@sallyport/contracts/result'
import type { Authority } from '../authority/authority.ts'
import type { AddressKind } from '../limits/address-rules.ts'
import { type AttemptLimiter, attemptDenial } from '../limits/attempt-limiter.ts'

/** Where a request comes from, as far as counting needs to know. */
export type AttemptSource = {
  readonly clientAddress: string
  readonly kind: AddressKind
  /** From a page whose origin the route does not take. Counted apart, or any page could use up its visitor's own. */
  readonly isForeign: boolean
}

type RouteLimits = Pick<Route, 'name' | 'attempts'>

const uncounted = ok(undefined)

/** The key under which an address's attempts at a route are counted. */
export function attemptKey(source: AttemptSource, route: RouteLimits): string {
  const key = `${route.name} ${addressKey(source.clientAddress)}`
  return source.isForeign ? `${key} foreign` : key
}

/** The denial of a blocked address: before it is counted, and its ticket is not even burnt. */
export function refuseBlocked(kind: AddressKind): Result<void, Denial> {
  return kind === 'blocked' ? refuse('not-allowed', 'address-blocked') : uncounted
}

/** Counts an attempt. The value is the key it was counted under; undefined for an address without limits. */
export async function countAttempt(
  source: AttemptSource,
  route: RouteLimits,
  attempts: Pick<AttemptLimiter, 'count'>,
): Promise<Result<string | undefined, Denial>> {
  const open = refuseBlocked(source.kind)
  if (!open.ok) return open
  if (source.kind === 'unlimited') return uncounted
  const key = attemptKey(source, route)
  const attempt = await attempts.count(key, route.attempts.perMinute)
  return attempt.allowed ? ok(key) : attemptDenial(attempt)
}

/**
 * Settles a successful attempt. Where people share an address it is given back, and counted for its subject instead.
 * `key` as it came from `countAttempt`.
 */
export async function settleAttempt(
  key: string | undefined,
  subject: Pick<Authority, 'issuer' | 'subject'>,
  route: RouteLimits,
  attempts: Pick<AttemptLimiter, 'count' | 'giveBack'>,
): Promise<Result<void, Denial>> {
  if (route.attempts.profile === 'strict' || key === undefined) return uncounted
  const attempt = await attempts.count(
    subjectKey(subject, route),
    route.attempts.perSubjectPerMinute,
  )
  if (!attempt.allowed) return attemptDenial(attempt)
  await attempts.giveBack(key)
  return uncounted
}

/** The key under which a subject's successful attempts are counted. */
export function subjectKey(
  { issuer, subject }: Pick<Authority, 'issuer' | 'subject'>,
  { name }: RouteLimits,
): string {
  return `${name} subject ${issuer} ${subject}`
}
