// Each test speaks from addresses of its own: 127.0.0.0/8 is all loopback, and limits count by address.

import { randomInt } from 'node:crypto'

const highest = 2 ** 24 - 2
let next = randomInt(2 ** 16, highest)

/** A loopback address that no other test uses. */
export function freshAddress(): string {
  next = next >= highest ? 2 ** 16 : next + 1
  return `127.${next >> 16}.${(next >> 8) & 255}.${next & 255}`
}
