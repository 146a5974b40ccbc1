import { decodeJwt } from 'jose'
import { describe, expect, it } from 'vitest'
import type { SessionRecord } from '../sessions/session-store.ts'
import { type IssueTokenDeps, issueCookieToken, issueToken } from './issue-token.ts'
import { createKeyRing } from './key-ring.ts'
import { makeKey, nowSeconds } from './testing/make-token.ts'
import { bearer, cookie } from './testing/verifier-fixture.ts'
import { createTokenVerifier } from './verify-token.ts'

const session: SessionRecord = {
  secretHash: 'secret-hash',
  sessionId: 'session-1',
  subject: 'alice',
  username: 'Alice',
  groups: ['staff'],
  generation: { epoch: 'epoch', subject: 1, session: 2 },
  device: { clientId: 'c', deviceType: 'browser', ipAddress: '127.0.0.1' },
  createdAtMs: nowSeconds * 1000,
  expiresAtMs: nowSeconds * 1000 + 86_400_000,
}
const ringKey = (kid: string) => ({ ...makeKey(kid).privateJwk, kid, alg: 'ES256', use: 'sig' })

async function createIssuer() {
  const keyRing = await createKeyRing({ keys: [ringKey('a'), ringKey('b')] })
  const now = () => nowSeconds * 1000
  const profile = { issuer: 'https://app.example.com/auth', audience: 'sallyport' }
  const { verifyToken } = createTokenVerifier({
    builtIn: { ...profile, keyRing, maxLifeMs: 660_000 },
    issuers: () => [],
    currentGeneration: async () => ({ generation: session.generation }),
    now,
    maxTokens: 10,
  })
  const deps: IssueTokenDeps = { ...profile, keyRing, tokenLifeMs: 600_000, now }
  return { deps, verifyToken }
}

describe('issued tokens', () => {
  it.each([
    ['bearer', issueToken, bearer, cookie],
    ['cookie', issueCookieToken, cookie, bearer],
  ])('R0.9 R4.5 a %s token says whose session it is of, and is good for its use only', async (_name, issue, expected, other) => {
    const { deps, verifyToken } = await createIssuer()
    const { compact, expiresAtMs } = await issue(session, deps)
    const verified = await verifyToken(compact, expected)
    expect(verified.ok && verified.value).toMatchObject({
      subject: 'alice',
      username: 'Alice',
      sessionId: 'session-1',
      generation: session.generation,
      groups: ['staff'],
      expiresAtMs,
    })
    expect(expiresAtMs).toBe(nowSeconds * 1000 + 600_000)
    expect(await verifyToken(compact, other)).toEqual({ ok: false, error: 'token-header' })
    expect(Buffer.from(compact.split('.')[1] ?? '', 'base64url').toString()).not.toContain('secret')
  })

  it.each([
    ['bearer', issueToken, bearer],
    ['cookie', issueCookieToken, cookie],
  ])('RX.3 of a %s token are told the facts that whoever verifies it reads', async (_name, issue, expected) => {
    const { deps, verifyToken } = await createIssuer()
    const later = { ...deps, now: () => nowSeconds * 1000 + 999 }
    const { compact, token } = await issue(session, later)
    const verified = await verifyToken(compact, expected)
    expect(verified.ok && verified.value.token).toEqual(token)
    expect(token).toMatchObject({ keyId: 'a', issuedAtMs: nowSeconds * 1000 })
  })

  it.each([
    ['bearer', issueToken, 'kiosk-7'],
    ['cookie', issueCookieToken, undefined],
  ])('R1.2 a %s token records the device of its session', async (_name, issue, clientId) => {
    const { deps } = await createIssuer()
    const device = { clientId: 'kiosk-7', deviceType: 'tablet', ipAddress: '2001:db8::7' }
    const { compact } = await issue({ ...session, device }, deps)
    const claims = decodeJwt(compact)
    expect([claims['deviceInfo'], claims['client_id']]).toEqual([device, clientId])
  })

  it.each([issueToken, issueCookieToken])('never outlive their session', async (issue) => {
    const { deps } = await createIssuer()
    const ending = { ...session, expiresAtMs: nowSeconds * 1000 + 90_500 }
    expect((await issue(ending, deps)).expiresAtMs).toBe(nowSeconds * 1000 + 90_000)
  })
})

describe('key ring', () => {
  it('J12 does not start with a kid that stands twice, or with a key of another kind', async () => {
    await expect(createKeyRing({ keys: [ringKey('a'), ringKey('a')] })).rejects.toThrow()
    await expect(createKeyRing({ keys: [{ kty: 'oct', kid: 'a', k: 'AA' }] })).rejects.toThrow()
    await expect(createKeyRing({ keys: [] })).rejects.toThrow()
    const offCurve = { ...ringKey('a'), y: ringKey('b').x }
    await expect(createKeyRing({ keys: [offCurve] })).rejects.toThrow()
  })

  it('RX.5 publishes no private part', async () => {
    const { publicKeys } = await createKeyRing({ keys: [ringKey('a'), ringKey('b')] })
    expect(publicKeys.keys.map(({ kid }) => kid)).toEqual(['a', 'b'])
    for (const published of publicKeys.keys) expect(published).not.toHaveProperty('d')
  })
})
