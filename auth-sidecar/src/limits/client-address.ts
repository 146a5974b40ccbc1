// Whose address an attempt comes from, in one spelling, and the key it is counted under: IPv6 by its /64,
// because one subscriber usually owns all of it.

import { isIPv4, isIPv6 } from 'node:net'
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

/** The one spelling of an address: IPv4-mapped as IPv4, IPv6 compressed in lower case, no zone; else undefined. */
export function normalAddress(text: string): string | undefined {
  if (isIPv4(text)) return text
  const zone = text.indexOf('%')
  const plain = zone < 0 ? text : text.slice(0, zone)
  if (!isIPv6(plain)) return undefined
  const compressed = new URL(`http://[${plain}]`).hostname.slice(1, -1)
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(compressed)
  return mapped ? dotted(mapped[1] ?? '', mapped[2] ?? '') : compressed
}

/** The key under which an address's attempts are counted; what is no address is its own key. */
export function addressKey(address: string): string {
  // No colon, no IPv6: spares the common case the grammar.
  if (!address.includes(':')) return address
  const normal = normalAddress(address)
  if (normal === undefined) return address
  return normal.includes(':') ? `${firstGroups(normal).join(':')}::/64` : normal
}

/** Two groups of 16 bits in hexadecimal as an IPv4 address. */
function dotted(high: string, low: string): string {
  const bytes = [high, low].flatMap((group) => {
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 255]
  })
  return bytes.join('.')
}

/** The first four of the eight groups of a compressed IPv6 address. */
function firstGroups(compressed: string): string[] {
  const [head = '', tail = ''] = compressed.split('::')
  const left = head === '' ? [] : head.split(':')
  if (left.length >= 4) return left.slice(0, 4)
  const right = tail === '' ? [] : tail.split(':')
  const zeros = Array<string>(8 - left.length - right.length).fill('0')
  return [...left, ...zeros, ...right].slice(0, 4)
}
