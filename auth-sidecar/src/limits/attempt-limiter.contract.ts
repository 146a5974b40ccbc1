// What every variant of the attempt limiter keeps to. A variant's test calls this with a limiter it can age.

import { describe, expect, it } from 'vitest'
import type { AttemptLimiter } from './attempt-limiter.ts'

export type LimiterUnderTest = {
  readonly limiter: AttemptLimiter
  readonly advanceMs: (byMs: number) => Promise<void> | void
}

/** Describes a variant; `create` makes a fresh limiter with a window of 60 s and this limit. */
export function describeAttemptLimiter(
  name: string,
  create: (limit: number) => Promise<LimiterUnderTest> | LimiterUnderTest,
): void {
  const times = async (count: number, act: () => Promise<unknown>) => {
    for (let index = 0; index < count; index += 1) await act()
  }

  describe(`attempts ${name}`, () => {
    it('R4.1 refuses the eleventh of a window and says how long to wait', async () => {
      const { limiter, advanceMs } = await create(10)
      await limiter.count('a')
      await advanceMs(30_000)
      await times(9, async () => expect(await limiter.count('a')).toEqual({ allowed: true }))
      expect(await limiter.count('a')).toEqual({ allowed: false, retryAfterSeconds: 30 })
      expect(await limiter.count('b')).toEqual({ allowed: true })
    })

    it('R4.1 lets refused attempts neither extend nor reset the window', async () => {
      const { limiter, advanceMs } = await create(1)
      await limiter.count('a')
      await advanceMs(59_000)
      await times(20, async () =>
        expect(await limiter.count('a')).toEqual({ allowed: false, retryAfterSeconds: 1 }),
      )
      await advanceMs(1_000)
      expect(await limiter.count('a')).toEqual({ allowed: true })
    })

    it('R4.1 admits exactly the limit of a volley, in this window and the next', async () => {
      const { limiter, advanceMs } = await create(10)
      for (let window = 0; window < 2; window += 1) {
        const volley = await Promise.all(Array.from({ length: 100 }, () => limiter.count('a')))
        expect(volley.filter((attempt) => attempt.allowed)).toHaveLength(10)
        await advanceMs(60_000)
      }
    })

    it('R4.9 counts by the number it is given in place of its own', async () => {
      const { limiter } = await create(10)
      await times(2, () => limiter.count('a', 2))
      expect(await limiter.count('a', 2)).toMatchObject({ allowed: false })
      expect(await limiter.peek('a', 2)).toMatchObject({ allowed: false })
      expect(await limiter.count('a', 3)).toEqual({ allowed: true })
      expect(await limiter.count('a', 3)).toMatchObject({ allowed: false })
    })

    it('R4.1 peeks without counting', async () => {
      const { limiter } = await create(2)
      await times(5, async () => expect(await limiter.peek('a')).toEqual({ allowed: true }))
      await times(2, () => limiter.count('a'))
      expect(await limiter.peek('a')).toEqual({ allowed: false, retryAfterSeconds: 60 })
    })

    it('R4.1 takes an attempt back without making the window longer', async () => {
      const { limiter, advanceMs } = await create(2)
      await times(2, () => limiter.count('a'))
      await advanceMs(50_000)
      await limiter.giveBack('a')
      expect(await limiter.count('a')).toEqual({ allowed: true })
      expect(await limiter.count('a')).toEqual({ allowed: false, retryAfterSeconds: 10 })
      await advanceMs(10_000)
      expect(await limiter.count('a')).toEqual({ allowed: true })
    })

    it('R4.1 never owes attempts: what was not counted cannot be taken back', async () => {
      const { limiter } = await create(2)
      await times(5, () => limiter.giveBack('a'))
      await limiter.count('a')
      await times(5, () => limiter.giveBack('a'))
      await times(2, () => limiter.count('a'))
      expect(await limiter.count('a')).toMatchObject({ allowed: false })
    })

    it('R4.1 keeps keys apart that differ in one character only', async () => {
      const { limiter } = await create(1)
      await limiter.count('websocket 10.0.0.1')
      expect(await limiter.count('websocket 10.0.0.11')).toEqual({ allowed: true })
      expect(await limiter.count('other 10.0.0.1')).toEqual({ allowed: true })
    })
  })
}
