// What holds after a stall, and what proves that nothing was missed.

import { createLog } from '@sallyport/service-kit/log'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createStallHold } from './stall-hold.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function start() {
  const lag = { ms: 0 }
  const rounds: (() => void)[] = []
  const turns: (() => void)[] = []
  const hold = createStallHold({
    askAboutAll: () => new Promise((resolve) => rounds.push(resolve)),
    nextTurn: (callback) => turns.push(callback),
    now: () => performance.now() + lag.ms,
    wallClock: () => new Date(0),
    log: createLog('ws-backend', 'error', { write: () => {} }),
  })
  const stall = (ms: number) => {
    lag.ms += ms
    return hold.isHeld()
  }
  const answer = async (round: number) => {
    rounds[round]?.()
    await vi.advanceTimersByTimeAsync(0)
  }
  return { hold, rounds, turns, stall, answer }
}

describe('a backend that stood still', () => {
  it('W86 is held at once, asks about everybody, and is free when that is answered', async () => {
    const { hold, rounds, stall, answer } = start()
    expect([hold.isHeld(), stall(1200), rounds.length]).toEqual([false, true, 1])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(hold.isHeld()).toBe(true)
    await answer(0)
    expect(hold.isHeld()).toBe(false)
  })

  it('W86 that stands still again waits for a round that began after the last time', async () => {
    const { hold, rounds, stall, answer } = start()
    stall(3000)
    stall(3000)
    expect(rounds).toHaveLength(2)
    await answer(0)
    expect(hold.isHeld()).toBe(true)
    await answer(1)
    expect(hold.isHeld()).toBe(false)
  })

  it('W86 believes no feed whose lines may be older than its end', () => {
    const { hold, stall } = start()
    stall(9000)
    // Two may have been said during it, one before it.
    for (const feed of ['a', 'a', 'b', 'b', 'a', 'a', 'b']) hold.feedProved(feed)
    expect(hold.isHeld()).toBe(true)
    hold.feedProved('a')
    expect(hold.isHeld()).toBe(false)
  })

  it('W86 believes a feed that was opened afterwards by its first word', () => {
    const { hold, stall } = start()
    stall(60_000)
    hold.feedProved('a')
    expect(hold.isHeld()).toBe(true)
    hold.feedOpened('a')
    hold.feedProved('a')
    expect(hold.isHeld()).toBe(false)
  })

  it('asks once more about an identity that was replaced meanwhile', async () => {
    const { hold, rounds, stall, answer } = start()
    hold.askAgain()
    expect(rounds).toHaveLength(0)
    stall(3000)
    hold.askAgain()
    await answer(0)
    expect(hold.isHeld()).toBe(true)
    await answer(1)
    expect(hold.isHeld()).toBe(false)
  })

  it('goes on a slice a turn, and whoever is not reached before the next stall waits on', async () => {
    const { hold, turns, stall, answer } = start()
    stall(3000)
    const went: number[] = []
    for (let n = 0; n < 150; n += 1) hold.whenFree(() => went.push(n))
    await answer(0)
    expect(went).toHaveLength(100)
    stall(3000)
    turns.shift()?.()
    expect(went).toHaveLength(100)
    await answer(1)
    expect(went).toEqual(Array.from({ length: 150 }, (_, n) => n))
  })

  it('stays held when it is closed, and leaves no timer behind', async () => {
    const { hold, stall, answer } = start()
    stall(3000)
    hold.close()
    await answer(0)
    expect([hold.isHeld(), vi.getTimerCount()]).toEqual([true, 0])
  })
})
