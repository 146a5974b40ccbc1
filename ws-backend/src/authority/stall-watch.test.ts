// Late pulses: noticed once, by the pulse or by whoever comes before it.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createStallWatch } from './stall-watch.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** `leap` lets the clocks go on without the timers. */
function start() {
  const lag = { monotonicMs: 0, wallMs: 0 }
  const onStall = vi.fn()
  const watch = createStallWatch({
    now: () => performance.now() + lag.monotonicMs,
    wallClock: () => new Date(Date.now() + lag.wallMs),
    onStall,
  })
  return { watch, lag, onStall }
}

describe('the stall watch', () => {
  it('says nothing while the pulse beats, or is late by no more than a busy moment', () => {
    const { watch, lag, onStall } = start()
    vi.advanceTimersByTime(60_000)
    lag.monotonicMs = 900
    watch.look()
    vi.advanceTimersByTime(100)
    lag.monotonicMs = 1800
    vi.advanceTimersByTime(100)
    expect(onStall).not.toHaveBeenCalled()
  })

  it('W86 is told by the pulse itself, once', () => {
    const { lag, onStall } = start()
    lag.monotonicMs = 3000
    vi.advanceTimersByTime(1000)
    expect(onStall.mock.calls).toEqual([[3000]])
  })

  it('W86 is told by whoever asks before the pulse can beat, once', () => {
    const { watch, lag, onStall } = start()
    lag.monotonicMs = 3000
    expect(watch.stalledForMs()).toBe(2900)
    watch.look()
    watch.look()
    vi.advanceTimersByTime(1000)
    expect(onStall.mock.calls).toEqual([[2900]])
    expect(watch.stalledForMs()).toBe(0)
  })

  it('W86 notices by the wall clock that the machine slept, and takes a correction for none', () => {
    const { watch, lag, onStall } = start()
    lag.wallMs = 4000
    watch.look()
    vi.advanceTimersByTime(100)
    lag.wallMs = -60_000
    vi.advanceTimersByTime(100)
    expect(onStall).not.toHaveBeenCalled()
    lag.wallMs = 0
    watch.look()
    expect(onStall).toHaveBeenCalledTimes(1)
  })

  it('leaves no timer behind', () => {
    start().watch.close()
    expect(vi.getTimerCount()).toBe(0)
  })
})
