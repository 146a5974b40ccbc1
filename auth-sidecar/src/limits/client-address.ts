// Whose address an attempt comes from, in one spelling. Which proxies are trusted is its caller's to say.

import { normalAddress } from '@sallyport/contracts/address-key'
import type { AddressSet } from './address-set.ts'

/**
 * The client's address by `X-Forwarded-For` as Traefik sends it: Traefik's peer is the last entry. Trusted proxies
 * are skipped from the right, the first other entry is the client; what stands left of it the client wrote itself.
 * Undefined when that entry is no address, and when there are several entries though nothing is trusted.
 */
export function clientAddressOf(xForwardedFor: string, trusted: AddressSet): string | undefined {
  if (!xForwardedFor.includes(',')) return normalAddress(xForwardedFor)
  if (trusted.isEmpty) return undefined
  let end = xForwardedFor.length
  // Bounded by the header's length, and read only as far as needed: a client can make this list long.
  for (;;) {
    const comma = xForwardedFor.lastIndexOf(',', end - 1)
    const address = normalAddress(xForwardedFor.slice(comma + 1, end).trim())
    // The leftmost entry is the client even if trusted: a proxy that asks on its own behalf.
    if (address === undefined || comma < 0 || !trusted.has(address)) return address
    if (comma === 0) return undefined
    end = comma
  }
}
