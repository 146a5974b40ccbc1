// How long a backend may hear nothing of what ends.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createBlindWatch } from './blind-watch.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function make() {
  const onTooLong = vi.fn()
  const watch = createBlindWatch({ maxBlindMs: 10_000, now: Date.now, onTooLong })
  return { watch, onTooLong }
}

describe('blindness', () => {
  it('SES-6 begins before anything was heard, and is too long once', () => {
    const { watch, onTooLong } = make()
    vi.advanceTimersByTime(9999)
    expect([onTooLong.mock.calls.length, watch.isTooLong()]).toEqual([0, false])
    vi.advanceTimersByTime(20_001)
    expect([onTooLong.mock.calls.length, watch.isTooLong()]).toEqual([1, true])
    expect(watch.blindForMs()).toBe(30_000)
  })

  it('SES-6 that ends in time has no consequence, and counts anew the next time', () => {
    const { watch, onTooLong } = make()
    vi.advanceTimersByTime(9999)
    watch.sees(true)
    expect(watch.blindForMs()).toBe(0)
    vi.advanceTimersByTime(60_000)
    watch.sees(false)
    watch.sees(false)
    vi.advanceTimersByTime(9999)
    expect(onTooLong).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(onTooLong).toHaveBeenCalledTimes(1)
  })

  it('that was too long is over as soon as something is heard', () => {
    const { watch } = make()
    vi.advanceTimersByTime(10_000)
    watch.sees(true)
    expect(watch.isTooLong()).toBe(false)
  })

  it('leaves no timer behind when it is closed', () => {
    make().watch.close()
    expect(vi.getTimerCount()).toBe(0)
  })
})
