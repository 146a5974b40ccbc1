import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createAddressSet, noAddresses } from './address-set.ts'
import { addressKey, clientAddressOf, normalAddress } from './client-address.ts'

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

describe('client address', () => {
  const trusted = createAddressSet(['10.0.0.0/8', '127.0.0.1', 'fd00::/8'])

  it.each([
    ['198.51.100.7', '198.51.100.7'],
    ['2001:DB8::7', '2001:db8::7'],
    ['198.51.100.7, 10.0.0.1', undefined],
    ['6.6.6.6, 198.51.100.7', undefined],
    ['unknown', undefined],
    ['', undefined],
    [',', undefined],
  ])('HDR-7 R4.2 reads %j as %s when nothing is trusted', (header, address) => {
    expect(clientAddressOf(header, noAddresses)).toBe(address)
  })

  it.each([
    ['198.51.100.7, 10.0.0.1', '198.51.100.7'],
    ['198.51.100.7,10.0.0.1', '198.51.100.7'],
    ['6.6.6.6, 198.51.100.7, 10.0.0.1, 127.0.0.1', '198.51.100.7'],
    ['10.9.9.9, 198.51.100.7, 10.0.0.1', '198.51.100.7'],
    ['6.6.6.6, 198.51.100.7', '198.51.100.7'],
    ['2001:db8::7, fd00::1, ::ffff:10.0.0.1', '2001:db8::7'],
    ['10.0.0.2, 10.0.0.1', '10.0.0.2'],
    ['10.0.0.1', '10.0.0.1'],
    ['garbage, 198.51.100.7, 10.0.0.1', '198.51.100.7'],
    ['198.51.100.7, garbage, 10.0.0.1', undefined],
    ['198.51.100.7:4711, 10.0.0.1', undefined],
    [', 10.0.0.1', undefined],
    ['198.51.100.7, , 10.0.0.1', undefined],
    ['198.51.100.7, 10.0.0.1,', undefined],
  ])('HDR-7 R4.2 W18 reads %j as %s behind trusted proxies', (header, address) => {
    expect(clientAddressOf(header, trusted)).toBe(address)
  })

  it('W18 is not changed by anything a client writes left of what a trusted proxy appended', () => {
    fc.assert(
      fc.property(fc.string(), (written) => {
        expect(clientAddressOf(`${written}, 198.51.100.7, 10.0.0.1`, trusted)).toBe('198.51.100.7')
      }),
    )
  })

  it('HDR-7 answers anything with an address or nothing', () => {
    const part = fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.constantFrom(',', ' ', '%', ':'))
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const address = clientAddressOf(parts.join(','), trusted)
        if (address !== undefined) expect(normalAddress(address)).toBe(address)
      }),
    )
  })
})
