// R4.9: what an operator's lists say about an address. Pure once built; the lists come from the policy.

import type { Policy } from '@sallyport/contracts/policy'
import { createAddressSet } from './address-set.ts'

/** `unlimited`: no attempt counts (health checks); `blocked`: refused before anything is read. */
export type AddressKind = 'limited' | 'unlimited' | 'blocked'

/** Builds the question; blocked beats unlimited. Throws for a range that is none: policies are checked before. */
export function createAddressRules(
  addresses: Policy['addresses'],
): (address: string) => AddressKind {
  const blocked = createAddressSet(addresses.blocked)
  const unlimited = createAddressSet(addresses.unlimited)
  if (blocked.isEmpty && unlimited.isEmpty) return () => 'limited'
  return (address) => {
    if (blocked.has(address)) return 'blocked'
    return unlimited.has(address) ? 'unlimited' : 'limited'
  }
}
