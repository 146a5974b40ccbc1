import type { FeedLine } from '@sallyport/contracts/authority-event'
import { describe, expect, it } from 'vitest'
import { createAuthorityFeed } from './authority-feed.ts'

const ended = (sequence: number) => ({
  type: 'session-ended' as const,
  sessionId: `s${sequence}`,
  subject: 'alice',
  scope: 'everything' as const,
  sequence,
})

/** A reader that remembers what it is told, and that it was lost. */
function createReader(node = 'n1') {
  const lines: FeedLine[] = []
  let lost = 0
  const reader = {
    node,
    read: (line: FeedLine) => void lines.push(line),
    lost: () => void (lost += 1),
  }
  return { lines, reader, lost: () => lost }
}

/** A feed that follows epoch `e` and was told so many events. */
function createFeed(events = 0, keep = 10) {
  const feed = createAuthorityFeed(keep)
  feed.follow({ epoch: 'e', sequence: 0 })
  for (let sequence = 1; sequence <= events; sequence += 1) feed.append(ended(sequence))
  return feed
}

describe('authority feed', () => {
  it('RX.1 hands an event to every reader before it takes the next', () => {
    const feed = createFeed()
    const readers = [createReader('a'), createReader('b')]
    for (const { reader } of readers) feed.attach(undefined, reader)
    feed.append(ended(1))
    for (const { lines } of readers) {
      expect(lines).toEqual([{ type: 'position', epoch: 'e', sequence: 0 }, ended(1)])
    }
    expect(feed.readers().map(({ node }) => node)).toEqual(['a', 'b'])
    expect(feed.position()).toEqual({ epoch: 'e', sequence: 1 })
  })

  it('RX.2 SES-5 tells a reader that comes back exactly what it missed, in order', () => {
    const feed = createFeed(3)
    const { lines, reader } = createReader()
    feed.attach({ epoch: 'e', sequence: 1 }, reader)
    feed.append(ended(4))
    expect(lines).toEqual([
      { type: 'position', epoch: 'e', sequence: 1 },
      ended(2),
      ended(3),
      ended(4),
    ])
  })

  it('RX.2 tells a reader without a place where it is now, and nothing of what was', () => {
    const { lines, reader } = createReader()
    createFeed(3).attach(undefined, reader)
    expect(lines).toEqual([{ type: 'position', epoch: 'e', sequence: 3 }])
  })

  it.each([
    ['the epoch changed', { epoch: 'other', sequence: 3 }],
    ['more was missed than is kept', { epoch: 'e', sequence: 0 }],
    ['the place lies ahead', { epoch: 'e', sequence: 9 }],
  ])('RX.2 SES-5 asks for a full check when %s', (_name, from) => {
    const { lines, reader } = createReader()
    createFeed(3, 2).attach(from, reader)
    expect(lines).toEqual([{ type: 'resync', epoch: 'e', sequence: 3 }])
  })

  it('SES-5 asks for a full check behind an event that leaves a gap, and counts on from it', () => {
    const feed = createFeed(1)
    const { lines, reader } = createReader()
    feed.attach(undefined, reader)
    feed.append(ended(5))
    feed.append(ended(6))
    expect(lines.slice(1)).toEqual([
      ended(5),
      { type: 'resync', epoch: 'e', sequence: 5 },
      ended(6),
    ])
    const late = createReader()
    feed.attach({ epoch: 'e', sequence: 1 }, late.reader)
    expect(late.lines[0]?.type).toBe('resync')
  })

  it('tells no event twice, and none from before it began to follow', () => {
    const feed = createFeed(2)
    const { lines, reader } = createReader()
    feed.attach(undefined, reader)
    feed.append(ended(2))
    feed.append(ended(1))
    expect(lines).toHaveLength(1)
    expect(feed.position()).toEqual({ epoch: 'e', sequence: 2 })
  })

  it('RX.2 makes everybody check when it follows from elsewhere on, and nobody when it is there already', () => {
    const feed = createFeed(2)
    const { lines, reader } = createReader()
    feed.attach(undefined, reader)
    feed.follow({ epoch: 'e', sequence: 2 })
    expect(lines).toHaveLength(1)
    feed.follow({ epoch: 'f', sequence: 2 })
    feed.follow({ epoch: 'f', sequence: 7 })
    expect(lines.slice(1)).toEqual([
      { type: 'resync', epoch: 'f', sequence: 2 },
      { type: 'resync', epoch: 'f', sequence: 7 },
    ])
    const late = createReader()
    feed.attach({ epoch: 'f', sequence: 2 }, late.reader)
    expect(late.lines).toEqual([{ type: 'resync', epoch: 'f', sequence: 7 }])
  })

  it('SES-6 takes no reader while it follows nothing, and sends away those it had', () => {
    const feed = createAuthorityFeed(10)
    const { lines, reader, lost } = createReader()
    expect(feed.attach(undefined, reader)).toBeUndefined()
    feed.append(ended(1))
    expect(feed.position()).toBeUndefined()
    feed.follow({ epoch: 'e', sequence: 0 })
    feed.attach(undefined, reader)
    feed.lose()
    expect(lost()).toBe(1)
    expect(feed.readers()).toEqual([])
    expect(feed.position()).toBeUndefined()
    feed.follow({ epoch: 'e', sequence: 0 })
    feed.append(ended(1))
    expect(lines).toEqual([{ type: 'position', epoch: 'e', sequence: 0 }])
  })

  it('SES-5 tells a reader that was sent away what happened until it is back', () => {
    const feed = createFeed(2)
    const { lines, reader } = createReader()
    feed.attach(undefined, reader)
    feed.lose()
    feed.follow({ epoch: 'e', sequence: 2 })
    feed.append(ended(3))
    feed.attach({ epoch: 'e', sequence: 2 }, reader)
    expect(lines.slice(1)).toEqual([{ type: 'position', epoch: 'e', sequence: 2 }, ended(3)])
  })

  it('RX.13 announces what has no number to whoever is there, and to nobody later', () => {
    const feed = createFeed(1)
    const [present, late] = [createReader(), createReader()]
    feed.attach(undefined, present.reader)
    feed.announce({ type: 'policy', digest: 'd' })
    feed.attach({ epoch: 'e', sequence: 0 }, late.reader)
    expect(present.lines.at(-1)).toEqual({ type: 'policy', digest: 'd' })
    expect(late.lines.map(({ type }) => type)).toEqual(['position', 'session-ended'])
  })

  it('RX.1 forgets a reader that left', () => {
    const feed = createFeed()
    const { lines, reader, lost } = createReader()
    const detach = feed.attach(undefined, reader)
    detach?.()
    feed.append(ended(1))
    feed.lose()
    expect(lines).toHaveLength(1)
    expect(lost()).toBe(0)
    expect(feed.readers()).toEqual([])
  })

  it('RX.1 sends a reader away that cannot be told, and tells the others', () => {
    const feed = createFeed()
    const [bad, good] = [createReader('bad'), createReader('good')]
    feed.attach(undefined, bad.reader)
    feed.attach(undefined, good.reader)
    bad.reader.read = () => {
      throw new Error('its stream is gone')
    }
    feed.append(ended(1))
    expect(good.lines.at(-1)).toEqual(ended(1))
    expect(bad.lost()).toBe(1)
    expect(feed.readers().map(({ node }) => node)).toEqual(['good'])
  })
})
