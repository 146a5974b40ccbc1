// The one grammar of address ranges: for sallyport.yml, for the sidecar, and for what the launcher hands to Traefik.
// Narrower than any single reader's, so that all of them read the same. Knows nothing of what a range is for.

import { BlockList, isIPv4, isIPv6 } from 'node:net'

/** A range of addresses; a single address has all its bits. */
export type AddressRange = {
  readonly address: string
  readonly family: 'ipv4' | 'ipv6'
  /** Length of the prefix. */
  readonly bits: number
}

// No zero in front: some read `/00` as a number, others compare texts.
const form = /^([^/%]+)(?:\/(0|[1-9]\d{0,2}))?$/

/** Reads `10.0.0.0/8`, `2001:db8::/32` or a single address; undefined for everything else. */
export function parseAddressRange(text: string): AddressRange | undefined {
  const [, address = '', prefix] = form.exec(text) ?? []
  const family = isIPv4(address) ? 'ipv4' : isIPv6(address) ? 'ipv6' : undefined
  if (!family) return undefined
  const maxBits = family === 'ipv4' ? 32 : 128
  const bits = prefix === undefined ? maxBits : Number(prefix)
  return bits <= maxBits ? { address, family, bits } : undefined
}

/** True for what `parseAddressRange` reads. */
export function isAddressRange(text: string): boolean {
  return parseAddressRange(text) !== undefined
}

/**
 * True for a range that holds every IPv4 or every IPv6 address, however it is spelt: `::ffff:0.0.0.0/96` is all of IPv4,
 * too. Where a range says whom to trust, such a one is a slip.
 */
export function coversEverybody({ address, family, bits }: AddressRange): boolean {
  if (bits === 0) return true
  const range = new BlockList()
  range.addSubnet(address, bits, family)
  return ['0.0.0.0', '255.255.255.255'].every((end) => range.check(end, 'ipv4'))
}
