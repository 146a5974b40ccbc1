import { expect, it } from 'vitest'
import { parseAddressRange } from './address-range.ts'
import { isNetworkAddress, networkAddress } from './network-address.ts'

it.each([
  ['10.0.0.5/24', '10.0.0.0', false],
  ['10.0.0.0/24', '10.0.0.0', true],
  ['10.1.2.3/15', '10.0.0.0', false],
  ['255.255.255.255/1', '128.0.0.0', false],
  ['10.0.0.5', '10.0.0.5', true],
  ['1.2.3.4/0', '0.0.0.0', false],
  ['2001:db8::1/32', '2001:db8::', false],
  ['2001:DB8:0::/32', '2001:db8::', true],
  ['2001:db8:ffff::/36', '2001:db8:f000::', false],
  ['::1', '::1', true],
  ['::/0', '::', true],
  ['1:2:3:4:5:6:7:8/112', '1:2:3:4:5:6:7:0', false],
  ['::ffff:10.0.0.5/120', '::ffff:a00:0', false],
] as const)('R4.9 knows where %s begins: %s', (text, network, isOne) => {
  const range = parseAddressRange(text)
  if (!range) throw new Error(text)
  expect([networkAddress(range), isNetworkAddress(range)]).toEqual([network, isOne])
})
