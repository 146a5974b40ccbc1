import type { FeedLine } from '@sallyport/contracts/authority-event'
import { describe, expect, it } from 'vitest'
import { createAuthorityFeed } from './authority-feed.ts'
import { createMemoryAuthorityStore } from './authority-store.memory.ts'
import { endSession } from './end-session.ts'

const lineage = (sessionId: string) => ({ issuer: 'i', subject: 'alice', sessionId })
const ended = (sessionId: string) => ({
  type: 'session-ended' as const,
  sessionId,
  subject: 'alice',
})

function reader() {
  const lines: FeedLine[] = []
  return { lines, read: (line: FeedLine) => void lines.push(line) }
}

describe('authority feed', () => {
  it('RX.1 hands an event to every reader before publish returns', () => {
    const feed = createAuthorityFeed('e', 10)
    const [first, second] = [reader(), reader()]
    feed.attach(undefined, first.read)
    feed.attach(undefined, second.read)
    feed.publish(ended('s1'))
    for (const { lines } of [first, second]) {
      expect(lines).toEqual([
        { type: 'position', epoch: 'e', sequence: 0 },
        { ...ended('s1'), sequence: 1 },
      ])
    }
  })

  it('RX.2 tells a reader that comes back exactly what it missed, in order', () => {
    const feed = createAuthorityFeed('e', 10)
    for (const id of ['s1', 's2', 's3']) feed.publish(ended(id))
    const { lines, read } = reader()
    feed.attach({ epoch: 'e', sequence: 1 }, read)
    feed.publish(ended('s4'))
    expect(lines.slice(1).map((line) => line.sequence)).toEqual([2, 3, 4])
  })

  it.each([
    ['the epoch changed', { epoch: 'other', sequence: 3 }],
    ['more was missed than is kept', { epoch: 'e', sequence: 0 }],
    ['the position lies ahead', { epoch: 'e', sequence: 9 }],
  ])('RX.2 asks for a full check when %s', (_name, from) => {
    const feed = createAuthorityFeed('e', 2)
    for (const id of ['s1', 's2', 's3']) feed.publish(ended(id))
    const { lines, read } = reader()
    feed.attach(from, read)
    expect(lines).toEqual([{ type: 'resync', epoch: 'e', sequence: 3 }])
  })

  it('RX.1 forgets a reader that left', () => {
    const feed = createAuthorityFeed('e', 2)
    const { lines, read } = reader()
    const detach = feed.attach(undefined, read)
    detach()
    feed.publish(ended('s1'))
    expect(lines).toHaveLength(1)
    expect(feed.readers()).toBe(0)
  })
})

describe('ending a session', () => {
  it('SES-4 makes the record durable before anybody hears of it, and forgets the session last', async () => {
    const steps: string[] = []
    await endSession(
      { sessionId: 's1', subject: 'alice' },
      {
        authorities: {
          current: () => Promise.reject(new Error('not asked')),
          endSession: async (sessionId) => void steps.push(`record ${sessionId}`),
        },
        feed: { publish: (event) => void steps.push(event.type) },
        sessions: { remove: async (sessionId) => void steps.push(`remove ${sessionId}`) },
      },
    )
    expect(steps).toEqual(['record s1', 'session-ended', 'remove s1'])
  })
})

describe('authority store in memory', () => {
  const makeStore = (now = () => 0) => createMemoryAuthorityStore({ recordLifeMs: 1000, now })

  it('RX.1 moves only the ended session on', async () => {
    const store = makeStore()
    const [before, other] = [await store.current(lineage('s1')), await store.current(lineage('s2'))]
    await store.endSession('s1')
    const moved = [await store.current(lineage('s1')), await store.current(lineage('s2'))]
    expect(moved).toEqual([{ ...before, session: 1 }, other])
  })

  it('RX.2 starts each life of the store in an epoch of its own', async () => {
    const { epoch } = await makeStore().current(lineage('s1'))
    expect((await makeStore().current(lineage('s1'))).epoch).not.toBe(epoch)
  })

  it('SES-12 keeps a record as long as anything can refer to it, and no longer', async () => {
    let nowMs = 0
    const store = makeStore(() => nowMs)
    await store.endSession('s1')
    nowMs = 999
    await store.endSession('s2')
    expect((await store.current(lineage('s1'))).session).toBe(1)
    nowMs = 1000
    await store.endSession('s3')
    expect((await store.current(lineage('s1'))).session).toBe(0)
    expect((await store.current(lineage('s2'))).session).toBe(1)
  })
})
