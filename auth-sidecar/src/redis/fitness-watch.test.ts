import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type RedisVerdict, watchFitness } from './fitness-watch.ts'
import { RedisOutage } from './redis-outage.ts'

const good = 'redis_version:7.0.15\r\nmaxmemory_policy:noeviction\r\nrole:master\r\n'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function watch(answer: () => Promise<string>) {
  const verdicts: RedisVerdict[] = []
  const info = vi.fn(answer)
  const onVerdict = (verdict: RedisVerdict) => void verdicts.push(verdict)
  return { ...watchFitness({ info, onVerdict, intervalMs: 1000 }), info, verdicts }
}

describe('watching whether Redis may be used', () => {
  it('W94 asks at once and every second, and tells each answer', async () => {
    const answers = [good, good.replace('noeviction', 'allkeys-lru'), good]
    const { check, verdicts, pause } = watch(async () => answers.shift() ?? '')
    check()
    await vi.advanceTimersByTimeAsync(2000)
    pause()
    expect(verdicts.map(({ state }) => state)).toEqual(['fit', 'unfit', 'fit'])
    await vi.advanceTimersByTimeAsync(5000)
    expect(verdicts).toHaveLength(3)
  })

  it('W94 tells who may not ask from who cannot', async () => {
    const errors = [new RedisOutage('NOPERM'), new Error('any')]
    const { check, verdicts, pause } = watch(() => Promise.reject(errors.shift()))
    check()
    await vi.advanceTimersByTimeAsync(1000)
    pause()
    expect(verdicts).toMatchObject([
      { state: 'unfit', fault: { reason: 'not-permitted' } },
      { state: 'unreachable', code: 'unavailable' },
    ])
  })

  it('W94 believes no answer to a question of a connection that is gone', async () => {
    const first = Promise.withResolvers<string>()
    const answers = [first.promise, Promise.resolve(good)]
    const { check, verdicts, pause } = watch(() => answers.shift() ?? Promise.resolve(good))
    check()
    pause()
    check()
    first.resolve('')
    await vi.advanceTimersByTimeAsync(0)
    pause()
    expect(verdicts).toEqual([{ state: 'fit' }])
  })

  it('W94 asks before its time when a command fails, and not for every one', async () => {
    const { check, suspect, pause, info } = watch(async () => good)
    check()
    await vi.advanceTimersByTimeAsync(200)
    for (let count = 0; count < 100; count += 1) suspect()
    await vi.advanceTimersByTimeAsync(10)
    for (let count = 0; count < 100; count += 1) suspect()
    await vi.advanceTimersByTimeAsync(10)
    expect(info).toHaveBeenCalledTimes(2)
    pause()
    suspect()
    await vi.advanceTimersByTimeAsync(5000)
    expect(info).toHaveBeenCalledTimes(2)
  })
})
