import { expect, it, vi } from 'vitest'
import { createAuthorityFeed } from './authority-feed.ts'
import { createMemoryAuthorityStore } from './authority-store.memory.ts'
import { settleChanges } from './settle-changes.ts'

const ending = { type: 'end-session', sessionId: 's1', subject: 'alice' } as const

function start() {
  const feed = createAuthorityFeed(100)
  const store = createMemoryAuthorityStore({
    recordLifeMs: 60_000,
    builtInIssuer: 'https://app.example.com/auth',
    sink: feed,
    now: Date.now,
  })
  const onUnsettled = vi.fn()
  const settling = settleChanges({ store, feed, patienceMs: 250, onUnsettled })
  const listen = (node: string) => feed.attach(undefined, { node, read() {}, lost() {} })
  const report = (node: string) => {
    const position = feed.position()
    if (position) settling.applied({ node, ...position })
  }
  let isDone = false
  const end = async () => {
    isDone = false
    await settling.authorities.apply(ending)
    isDone = true
  }
  const { position } = feed
  return { listen, report, end, onUnsettled, position, settling, isDone: () => isDone }
}

it('RX.1 a change is done when every backend that listens says that it has applied it', async () => {
  vi.useFakeTimers()
  const { listen, report, end, isDone, onUnsettled } = start()
  listen('a')
  listen('b')
  const done = end()
  await vi.advanceTimersByTimeAsync(10)
  report('a')
  await vi.advanceTimersByTimeAsync(10)
  expect(isDone()).toBe(false)
  report('b')
  await done
  expect(onUnsettled).not.toHaveBeenCalled()
  vi.useRealTimers()
})

it('RX.1 a change waits for nobody where nobody listens, and not for a report of the time before', async () => {
  vi.useFakeTimers()
  const { listen, report, end, isDone, onUnsettled } = start()
  await end()
  expect(isDone()).toBe(true)
  listen('a')
  report('a')
  const done = end()
  await vi.advanceTimersByTimeAsync(249)
  expect(onUnsettled).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(1)
  await done
  expect(onUnsettled).toHaveBeenCalledOnce()
  vi.useRealTimers()
})

it('RX.1 a change is not done by events that came before its own', async () => {
  vi.useFakeTimers()
  const { listen, end, isDone, report, settling } = start()
  listen('a')
  report('a')
  const done = end()
  await vi.advanceTimersByTimeAsync(1)
  settling.applied({ node: 'a', epoch: 'another', sequence: 100 })
  await vi.advanceTimersByTimeAsync(1)
  expect(isDone()).toBe(false)
  report('a')
  await done
  vi.useRealTimers()
})

it('SES-2 a backend that hangs is waited for once, until it says something again', async () => {
  vi.useFakeTimers()
  const { listen, end, report, onUnsettled, isDone } = start()
  listen('hung')
  listen('well')
  const first = end()
  report('well')
  await vi.advanceTimersByTimeAsync(250)
  await first
  const second = end()
  await vi.advanceTimersByTimeAsync(1)
  report('well')
  await second
  expect(onUnsettled).toHaveBeenCalledTimes(2)
  report('hung')
  const third = end()
  await vi.advanceTimersByTimeAsync(1)
  report('well')
  await vi.advanceTimersByTimeAsync(1)
  expect(isDone()).toBe(false)
  report('hung')
  await third
  expect(onUnsettled).toHaveBeenCalledTimes(2)
  vi.useRealTimers()
})

it('RX.1 SES-2 a change is not done by a report of events that are still to come', async () => {
  vi.useFakeTimers()
  const { listen, end, isDone, report, position, settling } = start()
  listen('a')
  report('a')
  const epoch = position()?.epoch ?? ''
  settling.applied({ node: 'a', epoch, sequence: 1_000_000 })
  const done = end()
  await vi.advanceTimersByTimeAsync(1)
  expect(isDone()).toBe(false)
  report('a')
  await done
  vi.useRealTimers()
})

it('SES-2 a backend that left is not waited for', async () => {
  const { listen, end, onUnsettled } = start()
  listen('a')?.()
  await end()
  expect(onUnsettled).not.toHaveBeenCalled()
})
