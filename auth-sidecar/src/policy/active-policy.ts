// A policy made ready for questions: maps instead of lists, address ranges compiled. Pure; a new one replaces the
// old one as a whole, so that no decision sees half of each.

import { hash } from 'node:crypto'
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
  /** Equal for two sidecars exactly when they judge by the same policy. */
  readonly digest: string
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
    digest: digestOf(policy),
  }
}

/** Of what stands in the policy, not of the order in which members were written. */
function digestOf(policy: Policy): string {
  return hash('sha256', JSON.stringify(policy, sortMembers), 'base64url')
}

function sortMembers(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const members = Object.entries(value)
  return Object.fromEntries(members.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
