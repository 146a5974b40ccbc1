import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { KeySetUnavailable } from './key-source.ts'
import {
  cooldownMs,
  createRemoteKeySet,
  maxStaleMs,
  refreshAfterMs,
  retryMs,
} from './remote-key-set.ts'
import { makeKey, makeToken } from './testing/make-token.ts'
import { builtInIssuer, createVerifierFixture, trustedIssuer } from './testing/verifier-fixture.ts'

const first = makeKey('k1')
const second = makeKey('k2')
const issuer = trustedIssuer()

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** An owner whose answer can be changed; it is counted how often he was asked. */
function createOwner(keys: readonly object[] | 'away' = [first.publicJwk]) {
  const owner = {
    keys: keys === 'away' ? undefined : keys,
    requests: 0,
    outcomes: [] as string[],
  }
  const remote = createRemoteKeySet(issuer, {
    async fetch() {
      owner.requests++
      if (!owner.keys) throw new TypeError('fetch failed')
      return Response.json({ keys: owner.keys })
    },
    allowPlainHttp: false,
    now: Date.now,
    onFetched: (_issuer, outcome) => void owner.outcomes.push(outcome),
  })
  return { owner, remote }
}

const idOf = async (found: ReturnType<ReturnType<typeof createOwner>['remote']['find']>) =>
  (await found)?.key.keyId

describe('a remote key set', () => {
  it('AUT-14 is asked for at the start, once for everybody who waits', async () => {
    const { owner, remote } = createOwner()
    const found = await Promise.all(Array.from({ length: 50 }, () => idOf(remote.find('k1'))))
    expect(new Set(found)).toEqual(new Set(['k1']))
    expect(owner.requests).toBe(1)
    expect(remote.status()).toMatchObject({
      isUsable: true,
      keys: 1,
      ageMs: 0,
      lastOutcome: 'loaded',
    })
  })

  it('J14 is asked for once a cooldown, however many unknown kids come', async () => {
    const { owner, remote } = createOwner()
    await remote.find('k1')
    for (let count = 0; count < 200; count++) expect(await remote.find(`x${count}`)).toBeUndefined()
    expect(owner.requests).toBe(1)
    await vi.advanceTimersByTimeAsync(cooldownMs)
    await Promise.all(Array.from({ length: 200 }, (_, count) => remote.find(`y${count}`)))
    expect(owner.requests).toBe(2)
  })

  it('J49 AUT-14 takes in a new key at its first token, and drops one that was taken out', async () => {
    const { owner, remote } = createOwner()
    expect(await idOf(remote.find('k1'))).toBe('k1')
    owner.keys = [second.publicJwk]
    await vi.advanceTimersByTimeAsync(cooldownMs)
    expect(await idOf(remote.find('k2'))).toBe('k2')
    expect(await remote.find('k1')).toBeUndefined()
  })

  it('J49 notices within the refresh time that a key was taken out, without any new one', async () => {
    const { owner, remote } = createOwner([first.publicJwk, second.publicJwk])
    await remote.find('k1')
    owner.keys = [second.publicJwk]
    await vi.advanceTimersByTimeAsync(refreshAfterMs)
    expect(await remote.find('k1')).toBeUndefined()
    expect(owner.requests).toBe(2)
  })

  it('J15 serves the keys it has while their owner is away, for a bounded time, then is an outage', async () => {
    const { owner, remote } = createOwner()
    await remote.find('k1')
    owner.keys = undefined
    await vi.advanceTimersByTimeAsync(maxStaleMs - 1)
    expect(await idOf(remote.find('k1'))).toBe('k1')
    expect(remote.current()).toBeDefined()
    await vi.advanceTimersByTimeAsync(1)
    expect(remote.current()).toBeUndefined()
    await expect(remote.find('k1')).rejects.toBeInstanceOf(KeySetUnavailable)
    expect(remote.status()).toMatchObject({ isUsable: false, keys: 0, lastOutcome: 'unreachable' })
  })

  it('J15 comes back by itself when its owner does', async () => {
    const { owner, remote } = createOwner('away')
    await expect(remote.find('k1')).rejects.toMatchObject({ code: 'key-set-unavailable' })
    owner.keys = [first.publicJwk]
    await expect(remote.find('k1')).rejects.toBeInstanceOf(KeySetUnavailable)
    await vi.advanceTimersByTimeAsync(retryMs)
    expect(await idOf(remote.find('k1'))).toBe('k1')
    expect(owner.outcomes).toEqual(['unreachable', 'loaded'])
  })

  it('J15 asks a broken owner at most once a retry time', async () => {
    const { owner, remote } = createOwner('away')
    for (let count = 0; count < 100; count++) await remote.find('k1').catch(() => undefined)
    expect(owner.requests).toBe(1)
    await vi.advanceTimersByTimeAsync(retryMs * 10)
    expect(owner.requests).toBe(11)
  })

  it('J12 uses no key any more once the set shows a private one', async () => {
    const { owner, remote } = createOwner()
    await remote.find('k1')
    owner.keys = [{ ...first.publicJwk, d: 'AAAA' }]
    await vi.advanceTimersByTimeAsync(refreshAfterMs)
    await expect(remote.find('k1')).rejects.toBeInstanceOf(KeySetUnavailable)
    expect(owner.outcomes.at(-1)).toBe('private-key')
  })

  it('J13 J15 survives whatever its owner and our own reading do, and asks again', async () => {
    const outcomes: string[] = []
    // Stands for a fault of ours that some key set brings out.
    const algorithms = undefined as never
    const remote = createRemoteKeySet(
      { ...issuer, algorithms },
      {
        fetch: async () => Response.json({ keys: [first.publicJwk] }),
        allowPlainHttp: false,
        now: Date.now,
        onFetched: (_issuer, outcome) => void outcomes.push(outcome),
      },
    )
    await expect(remote.find('k1')).rejects.toBeInstanceOf(KeySetUnavailable)
    await vi.advanceTimersByTimeAsync(retryMs)
    expect(outcomes).toEqual(['set-form', 'set-form'])
    expect(remote.status()).toMatchObject({ failures: 2, lastOutcome: 'set-form' })
    await remote.close()
  })

  it('keeps the keys it has when the answer is no key set', async () => {
    const { owner, remote } = createOwner()
    await remote.find('k1')
    owner.keys = ['key'] as unknown as object[]
    await vi.advanceTimersByTimeAsync(refreshAfterMs)
    expect(owner.outcomes.at(-1)).toBe('set-form')
    expect(await idOf(remote.find('k1'))).toBe('k1')
  })

  it('is the same object as long as the same keys are in it', async () => {
    const { owner, remote } = createOwner([first.publicJwk, second.publicJwk])
    await remote.find('k1')
    const before = remote.current()
    owner.keys = [second.publicJwk, first.publicJwk]
    await vi.advanceTimersByTimeAsync(refreshAfterMs)
    expect(remote.current()).toBe(before)
    expect(owner.outcomes).toEqual(['loaded', 'unchanged'])
  })

  it('J49 knows which keys its owner took away, and none that were never there', async () => {
    const { owner, remote } = createOwner([first.publicJwk, second.publicJwk])
    await remote.find('k1')
    expect([remote.isGone('k1'), remote.isGone('k3')]).toEqual([false, false])
    owner.keys = [second.publicJwk]
    await vi.advanceTimersByTimeAsync(refreshAfterMs)
    expect([remote.isGone('k1'), remote.isGone('k2'), remote.isGone('k3')]).toEqual([
      true,
      false,
      false,
    ])
    // Not to be reached is not to be taken away.
    owner.keys = undefined
    await vi.advanceTimersByTimeAsync(maxStaleMs + refreshAfterMs)
    expect(remote.current()).toBeUndefined()
    expect(remote.isGone('k2')).toBe(false)
    owner.keys = [first.publicJwk]
    await vi.advanceTimersByTimeAsync(refreshAfterMs)
    expect([remote.isGone('k1'), remote.isGone('k2')]).toEqual([false, true])
  })

  it('J49 takes all keys for gone when their owner shows their other half', async () => {
    const { owner, remote } = createOwner()
    await remote.find('k1')
    owner.keys = [first.privateJwk]
    await vi.advanceTimersByTimeAsync(refreshAfterMs)
    expect(owner.outcomes.at(-1)).toBe('private-key')
    expect(remote.isGone('k1')).toBe(true)
  })

  it('asks nobody after it was closed', async () => {
    const { owner, remote } = createOwner()
    await remote.find('k1')
    await remote.close()
    await vi.advanceTimersByTimeAsync(maxStaleMs)
    expect(owner.requests).toBe(1)
    expect(vi.getTimerCount()).toBe(0)
    await expect(remote.find('k1')).rejects.toBeInstanceOf(KeySetUnavailable)
  })
})

describe('remembered tokens of a remote key set', () => {
  it('J47 J49 are refused as soon as their key is gone', async () => {
    const table = { [issuer.keySetUrl]: [first.publicJwk, second.publicJwk] }
    const { verify, verifier } = await createVerifierFixture([issuer], table)
    const [old, fresh] = [makeToken(first, issuer.issuer), makeToken(second, issuer.issuer)]
    expect((await verify(old)).ok && (await verify(fresh)).ok).toBe(true)
    table[issuer.keySetUrl] = [second.publicJwk]
    await vi.advanceTimersByTimeAsync(refreshAfterMs)
    expect(await verify(old)).toEqual({ ok: false, error: 'token-key' })
    expect((await verify(fresh)).ok).toBe(true)
    const { isKeyGone } = verifier
    expect([isKeyGone(issuer.issuer, 'k1'), isKeyGone(issuer.issuer, 'k2')]).toEqual([true, false])
    expect(isKeyGone(builtInIssuer, 'k1') || isKeyGone('https://nobody.example', 'k1')).toBe(false)
  })
})
