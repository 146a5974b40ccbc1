import {
  type AssertionKey,
  deriveAssertionKey,
  verifyAssertion,
} from '@sallyport/contracts/identity-assertion'
import { expect, it } from 'vitest'
import { createFollowedSigners } from './followed-signers.ts'

const now = () => 1_800_000_000_000
const webSocketKey = 'AAAAAAAAAAAAAAAAAAAAAA=='
const master = (keyId: string): AssertionKey => ({
  keyId,
  secret: new Uint8Array(32).fill(keyId.length),
})

/** Which key of a backend's ring, if any, an assertion for it was signed with. */
async function signedWith(assertion: string, masters: readonly AssertionKey[], backend: string) {
  for (const { keyId, secret } of masters) {
    const ring = [{ keyId, secret: deriveAssertionKey(secret, backend) }]
    const verified = await verifyAssertion(
      assertion,
      ring,
      { audience: backend, webSocketKey },
      now,
    )
    if (verified.ok) return keyId
  }
  return undefined
}

it('RX.14 signs with the first key of the ring as it is now, for every backend', async () => {
  const [old, added] = [master('old'), master('newer')]
  let ring: readonly AssertionKey[] = [old]
  const signerOf = createFollowedSigners(() => ring, now)
  const pending = { route: 'websocket', clientAddress: '192.0.2.1' }
  const keysNow = () =>
    Promise.all(
      ['ws-backend', 'games'].map((backend) => {
        const assertion = signerOf(backend).signPending(pending, webSocketKey)
        return signedWith(assertion, [old, added], backend)
      }),
    )
  expect(await keysNow()).toEqual(['old', 'old'])
  expect(signerOf('games')).toBe(signerOf('games'))
  ring = [old, added]
  expect(await keysNow()).toEqual(['old', 'old'])
  ring = [added, old]
  expect(await keysNow()).toEqual(['newer', 'newer'])
  ring = []
  expect(() => signerOf('games')).toThrow('empty')
})
