import { describe, expect, it } from 'vitest'
import type { Identity } from './identity.ts'
import {
  assertionLifeSeconds,
  createAssertionSigner,
  deriveAssertionKey,
  parseAssertionRing,
  verifyAssertion,
} from './identity-assertion.ts'

const nowMs = 1_800_000_000_000
const master = new Uint8Array(32).fill(7)
const key = { keyId: 'k1', secret: deriveAssertionKey(master, 'ws-backend') }
const binding = { audience: 'ws-backend', webSocketKey: 'AAAAAAAAAAAAAAAAAAAAAA==' }
const identity: Identity = {
  issuer: 'https://issuer.example',
  subject: 'alice',
  username: 'Alice',
  sessionId: 's1',
  way: 'session-cookie',
  generation: { epoch: 'e', subject: 0, session: 2 },
  ttlMs: 60_000,
  route: 'websocket',
  origin: 'https://app.example.com',
  clientAddress: '2001:db8::1',
  tokenRules: 'k3J-x_9aB0c1D2eF',
  groups: ['staff'],
  scopes: [],
  claims: { plan: 'gold' },
}
const { ttlMs, clientAddress, ...standing } = identity
const present = { ttlMs, clientAddress }
const { sign, signPending } = createAssertionSigner(key, 'ws-backend', () => nowMs)
const signed = () => sign(standing, present, binding.webSocketKey)
const verify = (token: string, ring = [key], bound = binding, atMs = nowMs) =>
  verifyAssertion(token, ring, bound, () => atMs)

describe('identity assertion', () => {
  it('RX.6 carries the identity to the backend it was made for', async () => {
    const verified = await verify(signed())
    expect(verified).toMatchObject({ ok: true, value: { kind: 'identity', identity } })
  })

  it('R1.3 carries leave to authenticate, which names nobody', async () => {
    const pending = { route: 'websocket', clientAddress: '127.0.0.9' }
    const verified = await verify(signPending(pending, binding.webSocketKey))
    expect(verified).toMatchObject({ ok: true, value: { kind: 'pending', pending } })
    expect(verified.ok && verified.value).not.toHaveProperty('identity')
  })

  it('RX.6 reads the same however long the names are, and says the present time each time', async () => {
    for (const username of ['', 'a', 'ab', 'abc', 'é', '漢字', '"\\}']) {
      const named = { ...standing, username }
      for (const ttl of [7, 60_000]) {
        const verified = await verify(sign(named, { ...present, ttlMs: ttl }, binding.webSocketKey))
        expect(verified).toMatchObject({ ok: true, value: { identity: { ...named, ttlMs: ttl } } })
      }
    }
  })

  it('SES-3 counts the way to the backend into the lifetime', async () => {
    const later = await verify(signed(), [key], binding, nowMs + 3000)
    expect(later).toMatchObject({ value: { identity: { ttlMs: 57_000 } } })
  })

  it('RX.6 has a nonce of its own each time', async () => {
    const [first, second] = await Promise.all([verify(signed()), verify(signed())])
    expect(first.ok && second.ok && first.value.nonce !== second.value.nonce).toBe(true)
  })

  it('RX.6 is refused for another handshake', async () => {
    const other = { ...binding, webSocketKey: 'BBBBBBBBBBBBBBBBBBBBBA==' }
    expect(await verify(signed(), [key], other)).toEqual({
      ok: false,
      error: 'assertion-not-for-this-handshake',
    })
  })

  it('RX.6 is refused by another backend, and a backend cannot sign for another', async () => {
    const refused = { ok: false, error: 'assertion-invalid' }
    expect(await verify(signed(), [key], { ...binding, audience: 'other' })).toEqual(refused)
    const theirs = createAssertionSigner(
      { keyId: 'k1', secret: deriveAssertionKey(master, 'other') },
      'ws-backend',
      () => nowMs,
    )
    expect(await verify(theirs.sign(standing, present, binding.webSocketKey))).toEqual(refused)
  })

  it('RX.6 is refused after its few seconds, unsigned, changed, or under an unknown key', async () => {
    const token = signed()
    const [header, payload, signature] = token.split('.')
    const none = Buffer.from('{"alg":"none","typ":"sallyport-identity+jwt"}').toString('base64url')
    const late = nowMs + (assertionLifeSeconds + 3) * 1000
    expect((await verify(token, [key], binding, late)).ok).toBe(false)
    expect((await verify(`${none}.${payload}.`)).ok).toBe(false)
    expect((await verify(`${header}.${payload}x.${signature}`)).ok).toBe(false)
    expect((await verify(token, [{ ...key, keyId: 'k2' }])).ok).toBe(false)
    expect((await verify('')).ok).toBe(false)
  })

  it('RX.14 verifies under every key of an overlapping ring', async () => {
    const next = {
      keyId: 'k2',
      secret: deriveAssertionKey(new Uint8Array(32).fill(9), 'ws-backend'),
    }
    expect((await verify(signed(), [next, key])).ok).toBe(true)
  })

  it('AUT-13 refuses a ring file with a short secret', () => {
    const ring = (bytes: number) =>
      JSON.stringify({
        keys: [{ keyId: 'k', secret: Buffer.alloc(bytes, 1).toString('base64url') }],
      })
    expect(parseAssertionRing(ring(32))).toHaveLength(1)
    expect(() => parseAssertionRing(ring(31))).toThrow()
    expect(() => parseAssertionRing('{"keys":[]}')).toThrow()
  })
})
