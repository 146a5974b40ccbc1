// One spelling for a client's address, and the key it is counted under wherever somebody counts: IPv6 by its /64, because
// one subscriber usually owns all of it. For servers only.

import { isIPv4, isIPv6 } from 'node:net'

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
