// An address as a key for counting: IPv6 by its /64, because one subscriber usually owns all of it.

import { isIPv6 } from 'node:net'

/** The key under which an address's attempts are counted; IPv4-mapped IPv6 counts as IPv4. */
export function addressKey(address: string): string {
  // No colon, no IPv6: spares the common case the full grammar.
  if (!address.includes(':') || !isIPv6(address)) return address
  const plain = address.split('%')[0] ?? address
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)
  if (mapped?.[1]) return mapped[1]
  return `${expandGroups(plain).slice(0, 4).join(':')}::/64`
}

/** The eight groups of an IPv6 address without leading zeros. */
function expandGroups(address: string): string[] {
  const [head = '', tail] = address.toLowerCase().split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const missing = tail === undefined ? 0 : 8 - left.length - right.length
  const groups = [...left, ...Array<string>(Math.max(0, missing)).fill('0'), ...right]
  return groups.map((group) => group.replace(/^0+(?=.)/, ''))
}
