// What the policy says about how a token is judged, in short: who is in by a token judged by other rules than those in
// force has to show it again. Pure.

import { hash } from 'node:crypto'
import type { Identity } from '@sallyport/contracts/identity'
import type { Policy, Route } from '@sallyport/contracts/policy'

const digestLength = 16

/**
 * Stands for the route's own audience and the entry of the token's issuer; undefined where the policy says neither.
 * A session cookie is no token and has no audience.
 */
export function tokenRulesOf(
  { issuer, way }: Pick<Identity, 'issuer' | 'way'>,
  route: Pick<Route, 'audience'>,
  { issuers }: Pick<Policy, 'issuers'>,
): string | undefined {
  const audience = way === 'session-cookie' ? undefined : route.audience
  const trusted = issuers.find((each) => each.issuer === issuer)
  if (audience === undefined && trusted === undefined) return undefined
  const rules = JSON.stringify([audience ?? null, trusted ?? null])
  return hash('sha256', rules, 'base64url').slice(0, digestLength)
}
