// "Are these still good?" – what a backend asks after it registered a socket, after it missed events, and when a
// policy changed. Two questions in one: does the authority still stand, and does its route still let it in.

import type { AuthorityVerdict, CheckRequest } from '@sallyport/contracts/authority-event'
import { isSameGeneration } from '@sallyport/contracts/identity'
import type { Route } from '@sallyport/contracts/policy'
import type { ActivePolicy } from '../policy/policy-source.ts'
import { whoMay } from '../policy/who-may.ts'
import type { AuthorityStore } from './authority-store.ts'

export type CheckDeps = {
  readonly authorities: Pick<AuthorityStore, 'current'>
  /** The built-in issuer; every other one must be in the policy. */
  readonly issuer: string
  readonly policy: { readonly current: () => Pick<ActivePolicy, 'route' | 'policy'> }
}

type CheckedIdentity = CheckRequest['identities'][number]

/** One verdict an identity, in order. Rejects only on an outage. */
export function checkIdentities(
  request: CheckRequest,
  deps: CheckDeps,
): Promise<AuthorityVerdict[]> {
  return Promise.all(
    request.identities.map(async (identity) => {
      const { generation } = identity
      const now = await deps.authorities.current(identity)
      if (now.epoch !== generation.epoch) return 'void'
      if (!isSameGeneration(generation, now)) return 'revoked'
      const { route, policy } = deps.policy.current()
      const isTrusted =
        identity.issuer === deps.issuer ||
        policy.issuers.some(({ issuer }) => issuer === identity.issuer)
      return isTrusted ? judgeByRoute(identity, route(identity.route)) : 'forbidden'
    }),
  )
}

function judgeByRoute(identity: CheckedIdentity, route: Route | undefined): AuthorityVerdict {
  if (route?.kind !== 'websocket' || !route.ways.includes(identity.way)) return 'forbidden'
  const { origin } = identity
  const isOriginTaken =
    origin === undefined ? route.allowMissingOrigin : route.origins.includes(origin)
  if (!isOriginTaken) return 'forbidden'
  if (whoMay(route.who, identity)) return 'good'
  // Claims nobody asked about were left out of the identity: where only those are missing, a new handshake can tell.
  const askedOf = Object.entries(route.who.claims).filter(([name]) =>
    Object.hasOwn(identity.claims, name),
  )
  const who = { ...route.who, claims: Object.fromEntries(askedOf) }
  return whoMay(who, identity) ? 'void' : 'forbidden'
}
