import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { repeatReading } from './repeated-reading.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function readingOf(readOnce: () => Promise<boolean>) {
  const failures: unknown[] = []
  const read = vi.fn(readOnce)
  const onFailure = (error: unknown) => void failures.push(error)
  return { ...repeatReading({ readOnce: read, onFailure, intervalMs: 1000 }), read, failures }
}

describe('reading again and again', () => {
  it('SES-5 reads on while there is more, then every so often', async () => {
    const more = [true, true, false]
    const { now, read, close } = readingOf(async () => more.shift() ?? false)
    await now()
    expect(read).toHaveBeenCalledTimes(3)
    await vi.advanceTimersByTimeAsync(2000)
    expect(read).toHaveBeenCalledTimes(5)
    close()
    await vi.advanceTimersByTimeAsync(5000)
    await now()
    expect(read).toHaveBeenCalledTimes(5)
  })

  it('SES-5 reads once more for whoever asks during a reading, and never twice at once', async () => {
    let running = 0
    let most = 0
    const { now, read, close } = readingOf(async () => {
      running += 1
      most = Math.max(most, running)
      await Promise.resolve()
      running -= 1
      return false
    })
    await Promise.all([now(), now(), now()])
    expect([read.mock.calls.length, most]).toEqual([2, 1])
    close()
  })

  it('SES-6 tells of a failure, and reads again in time', async () => {
    const results = [Promise.reject(new Error('gone')), Promise.resolve(false)]
    results[0]?.catch(() => undefined)
    const { now, read, failures, close } = readingOf(
      () => results.shift() ?? Promise.resolve(false),
    )
    await now()
    expect(failures).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1000)
    expect(read).toHaveBeenCalledTimes(2)
    expect(failures).toHaveLength(1)
    close()
  })
})
