import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createDomainFixture, handshakeLines } from '../testing/domain-fixture.ts'
import { decideHandshake } from './decide-handshake.ts'
import { parseHandshake } from './handshake-request.ts'

const headerName = fc.constantFrom(
  'origin',
  'cookie',
  'authorization',
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-protocol',
  'x-forwarded-for',
  'x-forwarded-method',
  'x-anything',
)

it('TRN-4 never throws, whatever the header lines are', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(headerName, fc.string())), (lines) => {
      const parsed = parseHandshake(lines.flat())
      expect(typeof parsed.ok).toBe('boolean')
    }),
  )
})

it('AUT-3 never allows a handshake whose credentials are made of noise', async () => {
  const fixture = await createDomainFixture(1_000_000)
  await fc.assert(
    fc.asyncProperty(fc.string(), fc.string(), fc.string(), async (cookie, token, entry) => {
      const changes = {
        cookie,
        authorization: `Bearer ${token}`,
        'sec-websocket-protocol': `sallyport.v1, bearer.${entry}`,
      }
      const { outcome } = await decideHandshake(handshakeLines(changes), fixture.deps)
      expect(outcome.ok).toBe(false)
    }),
  )
})

it('TRN-3 accepts version 13 only', () => {
  for (const version of ['7', '8', '12', '14', '13, 8', '013', '']) {
    expect(parseHandshake(handshakeLines({ 'sec-websocket-version': version })).ok).toBe(false)
  }
  expect(parseHandshake(handshakeLines()).ok).toBe(true)
})
