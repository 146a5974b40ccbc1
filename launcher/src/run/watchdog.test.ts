// When a child counts as stalled, with answers and a clock of the test's own.

import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { watchChild } from './watchdog.ts'

const timing = { intervalMs: 500, patienceMs: 1000, misses: 3 } as const

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A child that is silent while `isSilent`; the launcher hears it `lateMs` after it should. */
function watch(state: { isSilent: boolean; lateMs?: number }) {
  const startedMs = Date.now()
  let stalledAfterMs: number | undefined
  let asked = 0
  const answer = (isAlive: boolean, afterMs: number) =>
    new Promise<boolean>((resolve) => {
      setTimeout(() => resolve(isAlive), afterMs)
    })
  const watching = watchChild({
    isAlive: (withinMs) => {
      asked += 1
      return state.isSilent ? answer(false, withinMs + (state.lateMs ?? 0)) : answer(true, 5)
    },
    timing,
    now: () => Date.now(),
  })
  const note = async () => {
    await watching.stalled
    stalledAfterMs = Date.now() - startedMs
  }
  void note()
  return { ...watching, asked: () => asked, stalledAfterMs: () => stalledAfterMs }
}

it('W95 says after three silent questions in a row that a child stands still, within two and a half seconds', async () => {
  const watching = watch({ isSilent: true })
  await vi.advanceTimersByTimeAsync(2400)
  expect(watching.stalledAfterMs()).toBeUndefined()
  await vi.advanceTimersByTimeAsync(200)
  expect(watching.stalledAfterMs()).toBe(2500)
})

it('asks no more once it has said so, or is closed', async () => {
  const stalled = watch({ isSilent: true })
  await vi.advanceTimersByTimeAsync(3000)
  const asked = stalled.asked()
  const closed = watch({ isSilent: true })
  closed.close()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(stalled.asked()).toBe(asked)
  expect(closed.asked()).toBe(0)
  expect(closed.stalledAfterMs()).toBeUndefined()
})

it('forgives one that answers again in time', async () => {
  const state = { isSilent: true }
  const watching = watch(state)
  await vi.advanceTimersByTimeAsync(1200)
  state.isSilent = false
  await vi.advanceTimersByTimeAsync(10_000)
  state.isSilent = true
  await vi.advanceTimersByTimeAsync(1600)
  expect(watching.stalledAfterMs()).toBeUndefined()
  watching.close()
})

it('blames nobody for what the launcher itself was too late to hear', async () => {
  const state = { isSilent: true, lateMs: 300 }
  const watching = watch(state)
  for (let round = 0; round < 10; round += 1) {
    state.isSilent = true
    await vi.advanceTimersByTimeAsync(3000)
    state.isSilent = false
    await vi.advanceTimersByTimeAsync(1000)
  }
  expect(watching.asked()).toBeGreaterThan(30)
  expect(watching.stalledAfterMs()).toBeUndefined()
  watching.close()
})

it('W95 counts one of three that it heard too late: a machine under load must not hide a child that stands still', async () => {
  const watching = watch({ isSilent: true, lateMs: 300 })
  await vi.advanceTimersByTimeAsync(5700)
  expect(watching.stalledAfterMs()).toBeUndefined()
  // The ninth is asked after 4.5 s and heard 1.3 s later.
  await vi.advanceTimersByTimeAsync(200)
  expect(watching.stalledAfterMs()).toBe(5800)
})
