import { describe, expect, it } from 'vitest'
import { hashSecret } from '../sessions/session-secret.ts'
import { describeRefreshTokenStore, refreshTokenAt } from './refresh-token-store.contract.ts'
import { createMemoryRefreshTokenStore } from './refresh-token-store.memory.ts'

function make(maxTokens = 100, maxPerSession = 100) {
  let nowMs = 1_000_000
  const now = () => nowMs
  const store = createMemoryRefreshTokenStore({ maxTokens, maxPerSession, now })
  const advanceMs = (byMs: number) => {
    nowMs += byMs
  }
  const add = (secret: string, sessionId = 's1') =>
    store.create(refreshTokenAt(nowMs, secret, { sessionId }))
  const outcomeOf = async (secret: string) => (await store.redeem(hashSecret(secret)))?.outcome
  return { store, now, advanceMs, add, outcomeOf }
}

describe('refresh token store in memory', () => {
  describeRefreshTokenStore(async () => {
    const { store, now, advanceMs } = make()
    return { store, now, advanceMs: async (byMs) => advanceMs(byMs) }
  })

  it('RX.3 lets the oldest used one of a session give way, not a live one, and nobody else’s', async () => {
    const { store, add, outcomeOf } = make(100, 3)
    await add('other', 's2')
    await outcomeOf('other')
    await add('live')
    for (const secret of ['a', 'b', 'c']) {
      await add(secret)
      await outcomeOf(secret)
    }
    expect(store.size()).toBe(4)
    expect(await outcomeOf('a')).toBeUndefined()
    expect(await outcomeOf('b')).toBe('reused')
    expect(await outcomeOf('live')).toBe('fresh')
    expect(await outcomeOf('other')).toBe('reused')
  })

  it('RX.3 lets a session’s own oldest give way where all of them are live', async () => {
    const { add, outcomeOf } = make(100, 2)
    for (const secret of ['a', 'b', 'c']) await add(secret)
    expect(await outcomeOf('a')).toBeUndefined()
    expect([await outcomeOf('b'), await outcomeOf('c')]).toEqual(['fresh', 'fresh'])
  })

  it('RX.3 takes none beyond its bound while all are live; the oldest used one of all makes room', async () => {
    const { store, add, outcomeOf } = make(3)
    for (const session of ['s1', 's2', 's3']) await add(`of ${session}`, session)
    await expect(add('of s4', 's4')).rejects.toThrow()
    await outcomeOf('of s2')
    await outcomeOf('of s1')
    await add('of s4', 's4')
    expect(store.size()).toBe(3)
    expect(await outcomeOf('of s2')).toBeUndefined()
    expect(await outcomeOf('of s1')).toBe('reused')
    expect([await outcomeOf('of s3'), await outcomeOf('of s4')]).toEqual(['fresh', 'fresh'])
  })

  it('RX.3 a family that was refused for want of room leaves nothing behind', async () => {
    const { store, add, advanceMs } = make(1)
    await add('a', 's1')
    await expect(add('b', 's2')).rejects.toThrow()
    advanceMs(60_000)
    expect(store.size()).toBe(0)
    await add('c', 's3')
    expect(store.size()).toBe(1)
  })

  it('RX.3 makes room as families expire, and holds no more after a hundred thousand than its bound', async () => {
    const { store, add, advanceMs, outcomeOf } = make(1000, 5)
    for (let count = 0; count < 100_000; count += 1) {
      if (count % 500 === 0) advanceMs(60_000)
      await add(`${count}`, `s${Math.floor(count / 10)}`)
      await outcomeOf(`${count}`)
    }
    expect(store.size()).toBe(250)
    advanceMs(60_000)
    expect(store.size()).toBe(0)
  })
})
