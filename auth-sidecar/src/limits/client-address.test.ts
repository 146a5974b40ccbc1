import { normalAddress } from '@sallyport/contracts/address-key'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createAddressSet, noAddresses } from './address-set.ts'
import { clientAddressOf } from './client-address.ts'

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
