// The address a range begins with: whoever writes another one before the slash meant something else. Pure arithmetic.

import type { AddressRange } from './address-range.ts'

const groupBits = 16

/** The range's address with every bit behind its prefix at zero; compressed as URLs write it. */
export function networkAddress({ address, family, bits }: AddressRange): string {
  if (family === 'ipv4') {
    return keepBits(address.split('.').map(Number), 8, bits).join('.')
  }
  const groups = keepBits(groupsOf(address), groupBits, bits)
  return hostOf(groups.map((group) => group.toString(16)).join(':'))
}

/** True when nothing but zeros stands behind the prefix. */
export function isNetworkAddress(range: AddressRange): boolean {
  const { address, family } = range
  const spelt = family === 'ipv4' ? address : hostOf(address)
  return networkAddress(range) === spelt
}

function keepBits(parts: readonly number[], width: number, bits: number): number[] {
  return parts.map((part, index) => {
    const behind = Math.min(Math.max((index + 1) * width - bits, 0), width)
    return (part >> behind) << behind
  })
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): number[] {
  const [front = '', back] = hostOf(address).split('::')
  const numbers = (text: string) =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
  const [first, last] = [numbers(front), numbers(back ?? '')]
  const gap = Array.from({ length: 8 - first.length - last.length }, () => 0)
  return [...first, ...gap, ...last]
}

/** One spelling for each IPv6 address. */
function hostOf(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1)
}
