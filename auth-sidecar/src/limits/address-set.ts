// Ranges of addresses, asked about on every handshake. Knows nothing of what a range is for.

import { BlockList, isIPv4, isIPv6 } from 'node:net'
import { parseAddressRange } from '@sallyport/contracts/address-range'

/** A set of address ranges; `has` takes an address as `normalAddress` spells it. */
export type AddressSet = {
  readonly isEmpty: boolean
  readonly has: (address: string) => boolean
}

/** No address at all. */
export const noAddresses: AddressSet = { isEmpty: true, has: () => false }

/** Builds the set; throws for what is no range. */
export function createAddressSet(ranges: readonly string[]): AddressSet {
  if (ranges.length === 0) return noAddresses
  const list = new BlockList()
  for (const range of ranges) {
    const parsed = parseAddressRange(range)
    if (!parsed) throw new Error(`not a range of addresses: ${range}`)
    list.addSubnet(parsed.address, parsed.bits, parsed.family)
  }
  return {
    isEmpty: false,
    has(address) {
      if (isIPv4(address)) return list.check(address, 'ipv4')
      return isIPv6(address) && list.check(address, 'ipv6')
    },
  }
}
