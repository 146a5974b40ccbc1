import { deriveAssertionKey, verifyAssertion } from '@sallyport/contracts/identity-assertion'
import { expect, it } from 'vitest'
import { webSocketKey } from '../testing/domain-fixture.ts'
import { createAssertionSigners } from './assertion-signers.ts'

const master = { keyId: 'k1', secret: new Uint8Array(32).fill(7) }
const now = () => 1_800_000_000_000
const pending = { route: 'websocket', clientAddress: '127.0.0.9' }

function verifyAs(backend: string, assertion: string) {
  const key = { keyId: 'k1', secret: deriveAssertionKey(master.secret, backend) }
  return verifyAssertion(assertion, [key], { audience: backend, webSocketKey }, now)
}

it('RX.6 signs for the backend that is asked for, and for no other', async () => {
  const signerOf = createAssertionSigners([master], now)
  for (const [backend, other] of [
    ['ws-backend', 'games'],
    ['games', 'ws-backend'],
  ] as const) {
    const assertion = signerOf(backend).signPending(pending, webSocketKey)
    expect(await verifyAs(backend, assertion)).toMatchObject({ ok: true, value: { pending } })
    expect(await verifyAs(other, assertion)).toEqual({ ok: false, error: 'assertion-invalid' })
  }
})

it('RX.6 makes each signer once', () => {
  const signerOf = createAssertionSigners([master], now)
  expect(signerOf('games')).toBe(signerOf('games'))
})

it('RX.14 signs with the newest key', async () => {
  const old = { keyId: 'k0', secret: new Uint8Array(32).fill(1) }
  const assertion = createAssertionSigners(
    [master, old],
    now,
  )('games').signPending(pending, webSocketKey)
  expect(await verifyAs('games', assertion)).toMatchObject({ ok: true })
})

it('AUT-13 is nothing without a key', () => {
  expect(() => createAssertionSigners([], now)).toThrow('empty')
})
