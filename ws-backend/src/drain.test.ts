// The drain on fake timers: batches, moments to come back, and an end even when sockets do not go.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createDrain } from './drain.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function make(count: number, empty: () => Promise<void>) {
  const ended: (number | undefined)[] = []
  const connections = Array.from({ length: count }, () => ({
    end: (_: string, retryAfterMs?: number) => void ended.push(retryAfterMs),
  }))
  const drain = createDrain({
    registry: { all: () => connections, empty },
    random: () => 0.5,
    timing: { returnWindowMs: 1000, batchSize: 2, batchPauseMs: 10, maxDurationMs: 100 },
  })
  return { drain, ended }
}

describe('the drain', () => {
  it('goes batch by batch and tells a moment within the window', async () => {
    const { drain, ended } = make(5, () => Promise.resolve())
    expect(drain.isDraining()).toBe(false)
    const done = drain.drain()
    expect([drain.isDraining(), ended.length]).toEqual([true, 2])
    await vi.advanceTimersByTimeAsync(10)
    expect(ended).toHaveLength(4)
    await vi.advanceTimersByTimeAsync(10)
    await done
    expect(ended).toEqual([500, 500, 500, 500, 500])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('RX.11 does not wait longer than it may for sockets that stay', async () => {
    const { drain } = make(1, () => new Promise<void>(() => {}))
    const onDone = vi.fn()
    void drain.drain().then(onDone)
    await vi.advanceTimersByTimeAsync(99)
    expect(onDone).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(onDone).toHaveBeenCalledTimes(1)
  })
})
