// Ranges of addresses, asked about on every handshake. Knows nothing of what a range is for.

import { BlockList, isIPv4, isIPv6 } from 'node:net'

/** A set of address ranges; `has` takes an address as `normalAddress` spells it. */
export type AddressSet = {
  readonly isEmpty: boolean
  readonly has: (address: string) => boolean
}

/** No address at all. */
export const noAddresses: AddressSet = { isEmpty: true, has: () => false }

/** True for `10.0.0.0/8`, `2001:db8::/32` and single addresses; nothing else is a range. */
export function isAddressRange(text: string): boolean {
  return parseRange(text) !== undefined
}

/** Builds the set; throws for what `isAddressRange` refuses. */
export function createAddressSet(ranges: readonly string[]): AddressSet {
  if (ranges.length === 0) return noAddresses
  const list = new BlockList()
  for (const range of ranges) {
    const parsed = parseRange(range)
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

function parseRange(text: string) {
  const [, address = '', bitsText] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const family = isIPv4(address) ? 'ipv4' : isIPv6(address) ? 'ipv6' : undefined
  if (!family) return undefined
  const maxBits = family === 'ipv4' ? 32 : 128
  const bits = bitsText === undefined ? maxBits : Number(bitsText)
  return bits <= maxBits ? ({ address, family, bits } as const) : undefined
}
