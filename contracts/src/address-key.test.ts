import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressKey, normalAddress } from './address-key.ts'

describe('address key', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::FFFF:a00:1', '10.0.0.1'],
    ['0:0:0:0:0:ffff:10.0.0.1', '10.0.0.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:0db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['1::', '1:0:0:0::/64'],
    ['1::2:3:4:5:6:7', '1:0:2:3::/64'],
    ['64:ff9b::1.2.3.4', '64:ff9b:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('R4.1 W18 counts %s as %s', (address, key) => {
    expect(addressKey(address)).toBe(key)
  })

  it('W18 gives all addresses of a /64 one key, however they are written', () => {
    const group = fc.integer({ min: 0, max: 0xffff })
    const groups = (length: number) => fc.array(group, { minLength: length, maxLength: length })
    fc.assert(
      fc.property(groups(4), groups(4), groups(4), (network, one, other) => {
        fc.pre(network.some((each) => each !== 0))
        const written = [...network, ...one].map((each) => each.toString(16).padStart(4, '0'))
        const plain = [...network, ...other].map((each) => each.toString(16).toUpperCase())
        expect(addressKey(written.join(':'))).toBe(addressKey(plain.join(':')))
      }),
    )
  })
})

describe('normal address', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
  ])('HDR-7 writes %s as %s', (text, normal) => {
    expect(normalAddress(text)).toBe(normal)
  })

  it.each([
    '',
    'unknown',
    '_hidden',
    '10.0.0.1:80',
    '[::1]',
    '[::1]:80',
    '010.0.0.1',
    '1.2.3',
    '1.2.3.4.5',
    ' 10.0.0.1',
    '10.0.0.1\n',
    '::1::',
    '12345::',
    '10.0.0.1%eth0',
    '"10.0.0.1"',
  ])('HDR-7 takes %j for no address', (text) => {
    expect(normalAddress(text)).toBeUndefined()
  })
})
