import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { isWebSocketKey } from './websocket-key.ts'

it('TRN-4 W34 takes 16 bytes in base64, whatever they are', () => {
  for (let count = 0; count < 200; count += 1) {
    expect(isWebSocketKey(randomBytes(16).toString('base64'))).toBe(true)
  }
})

it.each([
  '',
  Buffer.alloc(15).toString('base64'),
  Buffer.alloc(17).toString('base64'),
  'AAAAAAAAAAAAAAAAAAAAAA',
  'AAAAAAAAAAAAAAAAAAAAAA=',
  'AAAAAAAAAAAAAAAAAAAAAB==',
  '-_AAAAAAAAAAAAAAAAAAAA==',
  'AAAAAAAAAAAAAAAAAAAAAA==\n',
  ' AAAAAAAAAAAAAAAAAAAAAA==',
])('TRN-4 W34 does not take %j', (text) => {
  expect(isWebSocketKey(text)).toBe(false)
})
