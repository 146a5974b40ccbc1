import { describe, expect, it } from 'vitest'
import { coversEverybody, isAddressRange, parseAddressRange } from './address-range.ts'

describe('address ranges', () => {
  it.each([
    '10.0.0.0/8',
    '10.0.0.1',
    '0.0.0.0/0',
    '::/0',
    '2001:db8::/32',
    '::1',
  ])('R4.9 takes %s', (range) => {
    expect(isAddressRange(range)).toBe(true)
  })

  it.each([
    '',
    '10.0.0.0/33',
    '10.0.0/8',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/8\n',
    '::/129',
    'fe80::1%eth0',
    'localhost',
    '10.0.0.0/8,10.0.0.1',
    '*',
  ])('R4.9 refuses %j', (range) => {
    expect(isAddressRange(range)).toBe(false)
  })

  it.each([
    '0.0.0.0/00',
    '0.0.0.0/000',
    '::/00',
    '10.0.0.0/08',
    '010.0.0.0/8',
  ])('R4.2 refuses %s: with a zero in front, readers disagree about a number', (range) => {
    expect(isAddressRange(range)).toBe(false)
  })

  it('R4.9 is one address where no prefix length stands', () => {
    expect(parseAddressRange('10.0.0.1')).toEqual({ address: '10.0.0.1', family: 'ipv4', bits: 32 })
    expect(parseAddressRange('::1')).toEqual({ address: '::1', family: 'ipv6', bits: 128 })
  })
})

it.each([
  ['0.0.0.0/0', true],
  ['10.1.2.3/0', true],
  ['::/0', true],
  ['2001:db8::/0', true],
  // Every IPv4 address, spelt as IPv6.
  ['::ffff:0.0.0.0/96', true],
  ['::/80', true],
  ['0.0.0.0/1', false],
  ['::ffff:10.0.0.0/104', false],
  ['2000::/3', false],
  ['10.0.0.0/8', false],
  ['::1', false],
] as const)('R4.2 knows whether %s covers everybody: %s', (text, expected) => {
  const range = parseAddressRange(text)
  expect(range && coversEverybody(range)).toBe(expected)
})
