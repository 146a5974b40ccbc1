// Deadlines that Node's own timers get wrong, on fake timers.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startExpiryTimer } from './expiry-timer.ts'

const dayMs = 86_400_000

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const now = () => performance.now()
const clocks = { now, wallClock: () => new Date() }

function start(ttlMs: number) {
  const onExpired = vi.fn()
  return { onExpired, timer: startExpiryTimer(now() + ttlMs, clocks, onExpired) }
}

describe('the expiry timer', () => {
  it('RX.1 fires once, at its deadline and not before', () => {
    const { onExpired, timer } = start(1000)
    vi.advanceTimersByTime(999)
    expect([onExpired.mock.calls.length, timer.hasPassed()]).toEqual([0, false])
    vi.advanceTimersByTime(1)
    expect([onExpired.mock.calls.length, timer.hasPassed()]).toEqual([1, true])
    vi.advanceTimersByTime(dayMs)
    expect(onExpired).toHaveBeenCalledTimes(1)
  })

  it.each([
    ['2**31 ms', 2 ** 31],
    ['100 days', 100 * dayMs],
  ])('RX.1 fires after %s and not at once', (_, ttlMs) => {
    const { onExpired } = start(ttlMs)
    vi.advanceTimersByTime(ttlMs - 1)
    expect(onExpired).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(onExpired).toHaveBeenCalledTimes(1)
  })

  it('never fires for Infinity', () => {
    const { onExpired, timer } = start(Number.POSITIVE_INFINITY)
    expect(vi.getTimerCount()).toBe(0)
    vi.advanceTimersByTime(1000 * dayMs)
    expect(onExpired).not.toHaveBeenCalled()
    expect(timer.remainingMs()).toBe(Number.POSITIVE_INFINITY)
  })

  it('throws for NaN', () => {
    expect(() => start(Number.NaN)).toThrow(RangeError)
  })

  it('fires for a deadline that has passed already', () => {
    const { onExpired } = start(-5)
    vi.advanceTimersByTime(1)
    expect(onExpired).toHaveBeenCalledTimes(1)
  })

  it('does not fire after cancel', () => {
    const { onExpired, timer } = start(100 * dayMs)
    vi.advanceTimersByTime(50 * dayMs)
    timer.cancel()
    vi.advanceTimersByTime(100 * dayMs)
    expect(onExpired).not.toHaveBeenCalled()
  })

  it('RX.1 has passed after a sleep by the wall clock, beyond a small correction of it', () => {
    const { timer } = start(1000)
    vi.setSystemTime(Date.now() + 6000)
    expect(timer.hasPassed()).toBe(false)
    vi.setSystemTime(Date.now() + 1)
    expect(timer.hasPassed()).toBe(true)
  })

  it('RX.1 fires at its deadline although the wall clock was set back', () => {
    const { onExpired, timer } = start(1000)
    vi.setSystemTime(Date.now() - 10 * dayMs)
    vi.advanceTimersByTime(999)
    expect([onExpired.mock.calls.length, timer.hasPassed()]).toEqual([0, false])
    vi.advanceTimersByTime(1)
    expect([onExpired.mock.calls.length, timer.hasPassed()]).toEqual([1, true])
  })
})
