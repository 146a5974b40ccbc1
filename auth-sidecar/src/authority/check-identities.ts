// "Are these still good?" – what a backend asks after it registered a socket, after it missed events, and when a
// policy changed. Two questions in one: does the authority still stand, and does the policy in force still let it in.

import type { AuthorityVerdict, CheckRequest } from '@sallyport/contracts/authority-questions'
import { restsOnCookie } from '@sallyport/contracts/identity'
import type { Route, Who } from '@sallyport/contracts/policy'
import type { ActivePolicy } from '../policy/policy-source.ts'
import { tokenRulesOf } from '../policy/token-rules.ts'
import { whoMay } from '../policy/who-may.ts'
import type { AuthorityStore } from './authority-store.ts'
import { judgeLive } from './judge-authority.ts'

export type CheckDeps = {
  readonly authorities: Pick<AuthorityStore, 'current'>
  /** The built-in issuer; every other one must be in the policy. */
  readonly issuer: string
  readonly policy: { readonly current: () => CheckedPolicy }
  /** True when another issuer has taken the key out of its set since it was first seen there. */
  readonly isKeyGone: (issuer: string, keyId: string) => boolean
  readonly now: () => number
  /** Told of each identity that could not be judged while others could. */
  readonly onUnknown: (error: unknown) => void
}

type CheckedPolicy = Pick<ActivePolicy, 'route' | 'policy' | 'addressKind'>
type CheckedIdentity = CheckRequest['identities'][number]

/**
 * One verdict an identity, in order; `unknown` for those that could not be judged, so that one damaged record takes no
 * verdict from the others. Rejects when none could be: that is an outage.
 */
export async function checkIdentities(
  { identities }: CheckRequest,
  deps: CheckDeps,
): Promise<AuthorityVerdict[]> {
  const settled = await Promise.allSettled(identities.map((each) => checkIdentity(each, deps)))
  const failed = settled.filter((each) => each.status === 'rejected')
  const [first] = failed
  if (first && failed.length === settled.length) throw first.reason
  for (const { reason } of failed) deps.onUnknown(reason)
  return settled.map((each) => (each.status === 'fulfilled' ? each.value : 'unknown'))
}

async function checkIdentity(
  identity: CheckedIdentity,
  { authorities, issuer, policy, isKeyGone, now }: Omit<CheckDeps, 'onUnknown'>,
): Promise<AuthorityVerdict> {
  const { generation, token } = identity
  const state = await authorities.current(identity)
  const carried = { generation, token, restsOnCookie: restsOnCookie(identity) }
  const judgement = judgeLive(carried, state, now())
  if (judgement !== 'good') return judgement
  if (token && isKeyGone(identity.issuer, token.keyId)) return 'void'
  return judgeByPolicy(identity, policy.current(), issuer)
}

function judgeByPolicy(
  identity: CheckedIdentity,
  { route: routeOf, policy, addressKind }: CheckedPolicy,
  builtIn: string,
): AuthorityVerdict {
  const isTrusted =
    identity.issuer === builtIn || policy.issuers.some(({ issuer }) => issuer === identity.issuer)
  if (!isTrusted || addressKind(identity.clientAddress) === 'blocked') return 'forbidden'
  const route = routeOf(identity.route)
  if (!route || !isTakenAt(route, identity)) return 'forbidden'
  // Judged by other rules than those in force: its groups may read otherwise by these, a new handshake can tell.
  if (identity.tokenRules !== tokenRulesOf(identity, route, policy)) return 'void'
  return judgeByGrants(route.who, identity)
}

function isTakenAt(route: Route, { way, origin }: CheckedIdentity): boolean {
  if (route.kind !== 'websocket' || !route.ways.includes(way)) return false
  return origin === undefined ? route.allowMissingOrigin : route.origins.includes(origin)
}

function judgeByGrants(who: Who, identity: CheckedIdentity): AuthorityVerdict {
  if (whoMay(who, identity)) return 'good'
  // Claims nobody asked about were left out of the identity: where only those are missing, a new handshake can tell.
  const askedOf = Object.entries(who.claims).filter(([name]) =>
    Object.hasOwn(identity.claims, name),
  )
  return whoMay({ ...who, claims: Object.fromEntries(askedOf) }, identity) ? 'void' : 'forbidden'
}
