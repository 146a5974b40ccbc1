import { describe, expect, it } from 'vitest'
import { createAddressRules } from './address-rules.ts'
import { createAddressSet } from './address-set.ts'

describe('address rules', () => {
  it('R4.9 exempts and blocks by range, and blocking wins', () => {
    const kindOf = createAddressRules({
      unlimited: ['192.0.2.0/24', '2001:db8::/32'],
      blocked: ['192.0.2.66', '203.0.113.0/24', '::ffff:198.51.100.0/120'],
    })
    expect(kindOf('192.0.2.1')).toBe('unlimited')
    expect(kindOf('192.0.2.66')).toBe('blocked')
    expect(kindOf('203.0.113.255')).toBe('blocked')
    expect(kindOf('198.51.100.9')).toBe('blocked')
    expect(kindOf('198.51.101.9')).toBe('limited')
    expect(kindOf('2001:db8:ffff::1')).toBe('unlimited')
    expect(kindOf('2001:db9::1')).toBe('limited')
  })

  it('R4.9 exempts nobody where there are no lists', () => {
    const kindOf = createAddressRules({ unlimited: [], blocked: [] })
    expect(kindOf('127.0.0.1')).toBe('limited')
  })

  it('R4.9 matches what is no address with no range, not even the one of all', () => {
    const kindOf = createAddressRules({ unlimited: ['0.0.0.0/0', '::/0'], blocked: [] })
    expect(kindOf('not an address')).toBe('limited')
    expect(kindOf('127.0.0.1')).toBe('unlimited')
  })
})

it('R4.9 builds no set of what is no range', () => {
  expect(() => createAddressSet(['10.0.0.0/8', '10.0.0.0/33'])).toThrow('not a range')
})
