import { describe, expect, it } from 'vitest'
import { describeAttemptLimiter } from './attempt-limiter.contract.ts'
import { createMemoryAttemptLimiter } from './attempt-limiter.memory.ts'

function limiterOf(limit: number, maxKeys = 100) {
  let nowMs = 1_800_000_000_000
  const options = { limit, maxKeys, windowMs: 60_000, now: () => nowMs }
  const limiter = createMemoryAttemptLimiter(options)
  return {
    limiter,
    advanceMs: (byMs: number) => {
      nowMs += byMs
    },
  }
}

describeAttemptLimiter('in memory', (limit) => limiterOf(limit))

describe('attempts in memory are bounded', () => {
  it('R4.3 holds no more than its bound after a million addresses', async () => {
    const { limiter } = limiterOf(10, 5_000)
    let most = 0
    for (let index = 0; index < 1_000_000; index += 1) {
      await limiter.count(`websocket 2001:db8:${index}::/64`)
      if (index % 1000 === 0) most = Math.max(most, limiter.state().keys)
    }
    expect(most).toBe(5_000)
    expect(limiter.state()).toEqual({ keys: 5_000, spentKeys: 0 })
  })

  it('R4.3 holds nothing once all windows have ended', async () => {
    const { limiter, advanceMs } = limiterOf(2)
    for (let index = 0; index < 50; index += 1) {
      await limiter.count(`${index % 30}`)
      advanceMs(1000)
    }
    expect(limiter.state()).toEqual({ keys: 30, spentKeys: 20 })
    advanceMs(60_000)
    expect(limiter.state()).toEqual({ keys: 0, spentKeys: 0 })
  })

  it('W18 a flood of fresh addresses does not wipe out a refusal', async () => {
    const { limiter } = limiterOf(10, 100)
    for (let index = 0; index < 10; index += 1) await limiter.count('attacker')
    for (let index = 0; index < 10_000; index += 1) await limiter.count(`fresh ${index}`)
    expect(await limiter.count('attacker')).toMatchObject({ allowed: false })
  })

  it('R4.3 forgets the oldest window with attempts left first, and a spent one only when all are', async () => {
    const { limiter } = limiterOf(2, 2)
    for (const key of ['old', 'old', 'half', 'new']) await limiter.count(key)
    expect(await limiter.peek('half', 1)).toEqual({ allowed: true })
    expect(await limiter.peek('old')).toMatchObject({ allowed: false })
    await limiter.count('new')
    await limiter.count('newest')
    expect(await limiter.peek('old')).toEqual({ allowed: true })
    expect(await limiter.peek('new')).toMatchObject({ allowed: false })
    expect(limiter.state().keys).toBe(2)
  })

  it('R4.1 counts a window that ended but still stands as ended', async () => {
    const { limiter, advanceMs } = limiterOf(2)
    await limiter.count('late')
    advanceMs(30_000)
    await limiter.count('early')
    await limiter.count('early')
    await limiter.count('late')
    // `late` began first but stands behind `early` among the spent: it ends first and is not swept yet.
    advanceMs(30_000)
    expect(await limiter.peek('late')).toEqual({ allowed: true })
    expect(await limiter.count('late')).toEqual({ allowed: true })
    expect(await limiter.count('early')).toMatchObject({ allowed: false })
  })
})
