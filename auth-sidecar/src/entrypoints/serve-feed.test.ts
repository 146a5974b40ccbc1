import { once } from 'node:events'
import { feedAliveIntervalMs } from '@sallyport/contracts/authority-event'
import { createLog } from '@sallyport/service-kit/log'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createAuthorityFeed } from '../authority/authority-feed.ts'
import { createMetrics } from '../metrics.ts'
import { startFeedExchange } from '../testing/http2-feed.ts'
import { createFeedHolders } from './feed-holders.ts'
import { createFeedServer, maxReaders, maxReadersPerNode } from './serve-feed.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  vi.useRealTimers()
  for (const close of closers.splice(0)) await close()
})

const ended = (sequence: number, sessionId = 's1') =>
  ({ type: 'session-ended', sessionId, subject: 'alice', scope: 'everything', sequence }) as const

async function startFeed({ isFollowing = true, keep = 100 } = {}) {
  const feed = createAuthorityFeed(keep)
  if (isFollowing) feed.follow({ epoch: 'e1', sequence: 0 })
  const policy = { digest: 'p1' }
  const metrics = createMetrics()
  const lines: string[] = []
  const log = createLog('auth-sidecar', 'info', { write: (line) => void lines.push(line) })
  const holders = createFeedHolders()
  const deps = { feed, policy: { current: () => policy }, holders, log, metrics }
  const serveFeed = createFeedServer(deps)
  // By node: a client that reads nothing does not notice its own end.
  const closedHere = new Map<string, Promise<unknown>>()
  const exchange = await startFeedExchange((stream, headers) => {
    stream.on('error', () => {})
    closedHere.set(`${headers[':path']}`.replace(/.*node=/, ''), once(stream, 'close'))
    serveFeed(stream, new URL(`${headers[':path']}`, 'https://internal').searchParams)
  })
  closers.push(exchange.close)
  return { feed, policy, metrics, lines, open: exchange.open, closedHere }
}

async function linesOf(reader: { readonly next: () => Promise<unknown> }, count: number) {
  const lines: unknown[] = []
  for (let index = 0; index < count; index += 1) lines.push(await reader.next())
  return lines
}

describe('a reader of the feed', () => {
  it('RX.1 is told where it stands, by which policy is judged, and then what happens', async () => {
    const { feed, open } = await startFeed()
    const reader = await open('?node=backend-1')
    expect(reader.status).toBe(200)
    feed.append(ended(1))
    expect(await linesOf(reader, 3)).toEqual([
      { type: 'position', epoch: 'e1', sequence: 0 },
      { type: 'policy', digest: 'p1' },
      ended(1),
    ])
  })

  it('RX.1 SES-5 gets what it missed when it comes back', async () => {
    const { feed, open } = await startFeed()
    for (const sequence of [1, 2, 3]) feed.append(ended(sequence))
    const reader = await open('?node=backend-1&epoch=e1&after=1')
    expect(await linesOf(reader, 4)).toEqual([
      { type: 'position', epoch: 'e1', sequence: 1 },
      { type: 'policy', digest: 'p1' },
      ended(2),
      ended(3),
    ])
  })

  it('RX.1 SES-5 gets all that it missed, however much that is', async () => {
    const { feed, open } = await startFeed({ keep: 10_000 })
    for (let sequence = 1; sequence <= 10_000; sequence += 1) {
      feed.append(ended(sequence, 's'.repeat(200)))
    }
    const reader = await open('?node=backend-1&epoch=e1&after=0')
    feed.append(ended(10_001))
    const lines = await linesOf(reader, 10_003)
    expect(lines.at(-1)).toEqual(ended(10_001))
  })

  it.each([
    'epoch=e0&after=0',
    'epoch=e1&after=7',
  ])('SES-5 is told that it cannot know what it missed (%s)', async (position) => {
    const { open } = await startFeed()
    const reader = await open(`?node=backend-1&${position}`)
    expect(await linesOf(reader, 2)).toEqual([
      { type: 'resync', epoch: 'e1', sequence: 0 },
      { type: 'policy', digest: 'p1' },
    ])
  })

  it('SES-5 RX.13 hears of a fresh epoch, and the policy in force by then', async () => {
    const { feed, policy, open } = await startFeed()
    const reader = await open('?node=backend-1')
    await linesOf(reader, 2)
    policy.digest = 'p2'
    feed.follow({ epoch: 'e2', sequence: 4 })
    expect(await linesOf(reader, 2)).toEqual([
      { type: 'resync', epoch: 'e2', sequence: 4 },
      { type: 'policy', digest: 'p2' },
    ])
  })

  it.each([
    '',
    '?node=',
    '?node=a%20b',
    `?node=${'a'.repeat(65)}`,
    '?node=a&epoch=e1',
    '?node=a&after=1',
    '?node=a&epoch=&after=1',
    '?node=a&epoch=e1&after=',
    '?node=a&epoch=e1&after=-1',
    '?node=a&epoch=e1&after=1e3',
    '?node=a&epoch=e1&after=99999999999999999999',
  ])('J25 is refused when it asks in another form: %s', async (query) => {
    const { open } = await startFeed()
    expect((await open(query)).status).toBe(400)
  })
})

describe('a sidecar that does not see its store', () => {
  it('SES-6 takes no reader', async () => {
    const { feed, open } = await startFeed({ isFollowing: false })
    expect((await open('?node=backend-1')).status).toBe(503)
    feed.follow({ epoch: 'e1', sequence: 0 })
    expect((await open('?node=backend-1')).status).toBe(200)
  })

  it('SES-6 ends the feed of those that it has at once, of those that read nothing too', async () => {
    const { feed, open, metrics, closedHere } = await startFeed()
    const [reader] = [await open('?node=a'), await open('?node=b', 'stuck')]
    for (let sequence = 1; sequence <= 1000; sequence += 1) {
      feed.append(ended(sequence, 's'.repeat(300)))
    }
    await linesOf(reader, 1002)
    feed.lose()
    await Promise.all([reader.closed, closedHere.get('b')])
    expect(await reader.next()).toBeUndefined()
    expect(feed.readers()).toEqual([])
    const shown = await metrics.registry.metrics()
    expect(shown).toContain('sallyport_authority_feed_readers_cut_total{reason="lost"} 2')
    expect(shown).toContain('sallyport_authority_feed_readers 0')
  })

  it('SES-6 says that nothing happened only while it would know', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const { feed, open } = await startFeed()
    const reader = await open('?node=a')
    await linesOf(reader, 2)
    feed.append(ended(1))
    vi.advanceTimersByTime(feedAliveIntervalMs)
    expect(await linesOf(reader, 2)).toEqual([ended(1), { type: 'alive', sequence: 1 }])
    feed.lose()
    vi.advanceTimersByTime(feedAliveIntervalMs)
    expect(await reader.next()).toBeUndefined()
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('the bounds of the feed', () => {
  it('RX.1 of one node the oldest reader gives way', async () => {
    const { feed, open } = await startFeed()
    const readers = []
    for (let index = 0; index < maxReadersPerNode; index += 1) readers.push(await open('?node=a'))
    const other = await open('?node=b')
    const newest = await open('?node=a')
    await readers[0]?.closed
    expect(feed.readers().map(({ node }) => node)).toEqual(['a', 'a', 'a', 'b', 'a'])
    feed.append(ended(1))
    for (const reader of [...readers.slice(1), other, newest]) {
      expect(await linesOf(reader, 3)).toContainEqual(ended(1))
    }
  })

  it('RX.1 there are so many readers and no more, until one leaves', async () => {
    const { feed, open } = await startFeed()
    const names = Array.from({ length: maxReaders }, (_, index) => `n${index >> 2}`)
    const readers = await Promise.all(names.map((node) => open(`?node=${node}`)))
    expect(readers.every(({ status }) => status === 200)).toBe(true)
    expect((await open('?node=one-more')).status).toBe(503)
    readers[0]?.close()
    await vi.waitFor(() => expect(feed.readers()).toHaveLength(maxReaders - 1))
    expect((await open('?node=one-more')).status).toBe(200)
  })

  it('RX.1 a reader that does not read is cut, and the others read on', async () => {
    const { feed, open, metrics, lines, closedHere } = await startFeed()
    await open('?node=stuck', 'stuck')
    const reader = await open('?node=reading')
    const count = 5000
    for (let sequence = 1; sequence <= count; sequence += 1) {
      feed.append(ended(sequence, 's'.repeat(300)))
      // In turns, so that who reads has its chance.
      if (sequence % 500 === 0) await linesOf(reader, sequence === 500 ? 502 : 500)
    }
    await closedHere.get('stuck')
    expect(feed.readers().map(({ node }) => node)).toEqual(['reading'])
    expect(await metrics.registry.metrics()).toContain('cut_total{reason="slow"} 1')
    expect(lines.join('')).toContain('"cut":"slow"')
  })
})
