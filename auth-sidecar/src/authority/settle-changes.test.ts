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
    await settling.authorities.apply(ending)
    isDone = true
  }
  return { listen, report, end, onUnsettled, isDone: () => isDone }
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

it('SES-2 a backend that left is not waited for', async () => {
  const { listen, end, onUnsettled } = start()
  listen('a')?.()
  await end()
  expect(onUnsettled).not.toHaveBeenCalled()
})
