import { describe, expect, it } from 'vitest'
import { createVerifierFixture } from './testing/verifier-fixture.ts'
import { createTokenMemory, tokenMemoryKey, type VerifiedToken } from './verified-tokens.ts'

describe('remembered tokens', () => {
  it('are the same authority again, for one hash', async () => {
    const { verify, token, memory } = await createVerifierFixture()
    const compact = token()
    const verified = await verify(compact)
    expect(await verify(compact)).toBe(verified)
    expect(memory()).toEqual({ hits: 1, misses: 1, tokens: 1 })
  })

  it('J47 are never taken for another: not of other text, nor of another signature', async () => {
    const { verify, token } = await createVerifierFixture()
    const compact = token()
    expect((await verify(compact)).ok).toBe(true)
    for (const other of [`${compact}\n`, `${compact}=`, ` ${compact}`, compact.slice(0, -2)]) {
      expect((await verify(other)).ok).toBe(false)
    }
  })

  it('J47 GHSA-4mq7-pvjg-xp2r are not good for another use or another audience', async () => {
    const { verifier, token } = await createVerifierFixture()
    const compact = token({ aud: ['sallyport', 'orders'] })
    const verify = (use: 'bearer' | 'cookie', audience?: string) =>
      verifier.verifyToken(compact, { use, audience })
    expect((await verify('bearer')).ok).toBe(true)
    expect((await verify('bearer', 'orders')).ok).toBe(true)
    expect(await verify('bearer', 'billing')).toEqual({ ok: false, error: 'token-audience' })
    expect(await verify('cookie')).toEqual({ ok: false, error: 'token-header' })
  })

  it('J47 GHSA-qvp4-rpmr-xwrr end when they expire, to the second', async () => {
    const { verify, token, clock } = await createVerifierFixture()
    const compact = token()
    expect((await verify(compact)).ok).toBe(true)
    clock.nowMs += 299_999
    expect((await verify(compact)).ok).toBe(true)
    clock.nowMs += 1
    expect(await verify(compact)).toEqual({ ok: false, error: 'token-expired' })
  })

  it('J33 W89 are not good yet when the clock goes back', async () => {
    const { verify, token, clock } = await createVerifierFixture()
    const compact = token()
    expect((await verify(compact)).ok).toBe(true)
    clock.nowMs -= 60_000
    expect(await verify(compact)).toEqual({ ok: false, error: 'token-early' })
  })

  it('are only those that were accepted', async () => {
    const { verify, token, memory } = await createVerifierFixture()
    await verify(token({ aud: 'other' }))
    await verify(token().slice(0, -4))
    await verify('x')
    expect(memory()).toEqual({ hits: 0, misses: 3, tokens: 0 })
  })
})

describe('the memory', () => {
  const keySet = { keys: new Map(), rejected: [], fingerprint: '' }
  const keys = { current: () => keySet, find: async () => undefined }
  const verified = (subject: string): VerifiedToken => ({
    granted: {
      ok: true,
      value: {
        issuer: 'i',
        subject,
        username: subject,
        sessionId: 's',
        generation: { epoch: 'e', subject: 0, session: 0 },
        expiresAtMs: 1000,
        groups: [],
        scopes: [],
        claims: {},
      },
    },
    notBeforeMs: 0,
    keys,
    keySet,
  })

  it('never holds more tokens than it may', () => {
    const memory = createTokenMemory({ maxTokens: 10, maxCharacters: 1_000_000 })
    for (let count = 0; count < 1_000; count++) {
      memory.remember(`t${count}`, 500, verified('a'))
      expect(memory.status().tokens).toBeLessThanOrEqual(10)
    }
  })

  it('never holds more text than it may, and none that is too long by itself', () => {
    const memory = createTokenMemory({ maxTokens: 1_000, maxCharacters: 10_000 })
    for (let count = 0; count < 100; count++) memory.remember(`t${count}`, 1_000, verified('a'))
    expect(memory.status().tokens).toBeLessThanOrEqual(10)
    memory.remember('long', 6_000, verified('a'))
    expect(memory.find('long', 1)).toBeUndefined()
  })

  it('keeps what is asked for while others come and go', () => {
    const memory = createTokenMemory({ maxTokens: 10, maxCharacters: 1_000_000 })
    memory.remember('kept', 500, verified('kept'))
    for (let count = 0; count < 1_000; count++) {
      memory.remember(`t${count}`, 500, verified('a'))
      expect(memory.find('kept', 1)?.value.subject).toBe('kept')
    }
  })

  it('forgets what expired or rests on other keys', () => {
    const memory = createTokenMemory({ maxTokens: 10, maxCharacters: 1_000_000 })
    memory.remember('expired', 500, verified('a'))
    expect(memory.find('expired', 1000)).toBeUndefined()
    memory.remember('void', 500, { ...verified('a'), keySet: { ...keySet } })
    expect(memory.find('void', 1)).toBeUndefined()
    expect(memory.status().tokens).toBe(0)
  })

  it('J47 has one key for each token, use and audience', () => {
    const keysOf = [
      tokenMemoryKey('a', { use: 'bearer', audience: undefined }),
      tokenMemoryKey('a', { use: 'cookie', audience: undefined }),
      tokenMemoryKey('a', { use: 'bearer', audience: '' }),
      tokenMemoryKey('a', { use: 'bearer', audience: 'b' }),
      tokenMemoryKey('b\na', { use: 'bearer', audience: '' }),
      tokenMemoryKey('a', { use: 'bearer', audience: '\nb' }),
      tokenMemoryKey('b', { use: 'bearer', audience: undefined }),
    ]
    expect(new Set(keysOf).size).toBe(keysOf.length)
    expect(keysOf[0]).toHaveLength(64)
  })
})
