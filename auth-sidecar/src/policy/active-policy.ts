// A policy made ready for questions: maps instead of lists, address ranges compiled. Pure; a new one replaces the
// old one as a whole, so that no decision sees half of each.

import type { Policy, Route } from '@sallyport/contracts/policy'
import { createAddressRules } from '../limits/address-rules.ts'

export type ActivePolicy = {
  readonly policy: Policy
  /** The route of that name; undefined when there is none. */
  readonly route: (name: string) => Route | undefined
  /** Names of the claims that any route asks about: only these go into identities. */
  readonly claimNames: ReadonlySet<string>
  readonly addressKind: (address: string) => 'limited' | 'unlimited' | 'blocked'
  /** Counts up from 1 with every change. */
  readonly version: number
}

/** Compiles a policy. */
export function activatePolicy(policy: Policy, version: number): ActivePolicy {
  const routes = new Map(policy.routes.map((route) => [route.name, route]))
  return {
    policy,
    route: (name) => routes.get(name),
    claimNames: new Set(policy.routes.flatMap(({ who }) => Object.keys(who.claims))),
    addressKind: createAddressRules(policy.addresses),
    version,
  }
}
