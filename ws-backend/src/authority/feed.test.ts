// From chunks to meaning, pure: line ends, line lengths, positions, gaps.

import type { FeedLine } from '@sallyport/contracts/authority-event'
import { describe, expect, it } from 'vitest'
import { backoffMs } from './backoff.ts'
import { createLineSplitter, parseFeedLine } from './feed-lines.ts'
import { type FeedPosition, type FeedState, readFeedLine, unheardFeed } from './feed-position.ts'

const ended = (sequence: number) =>
  ({ type: 'session-ended', sequence, sessionId: 's', subject: 'a', scope: 'everything' }) as const
const at = (sequence: number) => ({ epoch: 'e', sequence })

describe('the line splitter', () => {
  it('puts lines together whatever the chunks', () => {
    const push = createLineSplitter()
    const lines = ['{"a"', ':1}\n', '\n{"b":2', '}', '\n{"c'].flatMap((chunk) => {
      const result = push(chunk)
      return result.ok ? result.value : ['fault']
    })
    expect(lines).toEqual(['{"a":1}', '', '{"b":2}'])
  })

  it('RX.11 refuses a line without an end', () => {
    const push = createLineSplitter(10)
    expect(push('0123456789')).toMatchObject({ ok: true })
    expect(push('0')).toEqual({ ok: false, error: 'line-too-long' })
  })
})

describe('a feed line', () => {
  it.each(['', 'null', '[]', '{"type":"new"}', '{"type":"alive"}', '{'])('%j is none', (text) => {
    expect(parseFeedLine(text)).toEqual({ ok: false, error: 'not-a-feed-line' })
  })

  it('is read when it is one', () => {
    expect(parseFeedLine(JSON.stringify(ended(3)))).toEqual({ ok: true, value: ended(3) })
  })
})

const digest = 'policy-1'
const state = (sequence: number, changes: Partial<FeedState> = {}): FeedState => ({
  position: at(sequence),
  policyDigest: digest,
  isCatchingUp: false,
  ...changes,
})
const checkAll = { type: 'check-all' } as const
/** Reads lines one after the other; nobody else has told anything. */
function read(from: FeedState, ...lines: readonly FeedLine[]) {
  let now = from
  let seen: FeedPosition = from.position
  const outcomes = lines.flatMap((line) => {
    const step = readFeedLine(now, line, seen)
    now = step.state
    seen = step.seen
    return step.outcomes
  })
  return { state: now, seen, outcomes }
}

describe('the position', () => {
  it('RX.2 is taken from the first line, and whoever was accepted before it is asked about', () => {
    const first = read(unheardFeed, { type: 'position', epoch: 'e', sequence: 4 })
    expect([first.state.position, first.outcomes]).toEqual([at(4), [checkAll]])
  })

  it('RX.2 does not run ahead of events that are still to be replayed', () => {
    const back = read(state(4), { type: 'position', epoch: 'e', sequence: 9 })
    expect([back.state.position, back.outcomes]).toEqual([at(4), []])
    expect(read(back.state, ended(5)).state.position).toEqual(at(5))
  })

  it('RX.2 of another epoch means that everybody is asked about', () => {
    const other = read(state(4), { type: 'position', epoch: 'f', sequence: 1 })
    expect(other.state.position).toEqual({ epoch: 'f', sequence: 1 })
    expect(other.outcomes).toEqual([checkAll])
  })

  it('RX.2 jumps with a resync', () => {
    const jumped = read(state(4), { type: 'resync', epoch: 'f', sequence: 0 })
    expect(jumped.state.position).toEqual({ epoch: 'f', sequence: 0 })
    expect(jumped.outcomes).toEqual([checkAll])
  })

  it('keeps the highest sequence, and applies an event that comes twice', () => {
    const twice = read(state(4), ended(3), ended(5))
    expect(twice.outcomes).toEqual([ended(3), ended(5)])
    expect(twice.state.position).toEqual(at(5))
    expect(read(state(4), ended(3)).state.position).toEqual(at(4))
  })

  it('RX.2 notices by an event that one before it was lost, and ends what it names all the same', () => {
    const gap = read(state(4), ended(6))
    expect([gap.state.position, gap.outcomes]).toEqual([at(6), [ended(6), checkAll]])
  })

  it('RX.2 notices by `alive` that an event was lost', () => {
    expect(read(state(4), { type: 'alive', sequence: 4 }).outcomes).toEqual([])
    const lost = read(state(4), { type: 'alive', sequence: 5 })
    expect([lost.state.position, lost.outcomes]).toEqual([at(5), [checkAll]])
  })
})

describe('what a line means', () => {
  const token = { id: 't2', keyId: 'k', issuedAtMs: 1 }
  const events: readonly FeedLine[] = [
    { type: 'token-revoked', sequence: 5, issuer: 'i', tokenId: 't', marginMs: 1000 },
    { type: 'session-extended', sequence: 6, sessionId: 's', subject: 'a', expiresAtMs: 9, token },
    { type: 'connection-ended', sequence: 7, connectionId: 'c' },
    { type: 'subject-ended', sequence: 8, issuer: 'i', subject: 'a' },
  ]

  it('RX.1 an event is applied as it stands, and `check-all` asks about everybody', () => {
    expect(read(state(4), ...events).outcomes).toEqual(events)
    expect(read(state(4), { type: 'check-all', sequence: 5 }).outcomes).toEqual([checkAll])
  })

  it('RX.13 another policy than before asks about everybody, the same one about nobody', () => {
    const same = { type: 'policy', digest } as const
    const other = { type: 'policy', digest: 'policy-2' } as const
    expect(read(state(4), same, other, other).outcomes).toEqual([checkAll])
    // Which one was in force when the last line came is not known: the policy was never told.
    expect(read(state(4, { policyDigest: undefined }), same).outcomes).toEqual([checkAll])
    // A reconnect forgets neither.
    const back = { type: 'position', epoch: 'e', sequence: 4 } as const
    expect(read(state(4), back, same).outcomes).toEqual([])
  })

  it('an operator’s question is handed on and moves nothing', () => {
    const question = { type: 'list-connections', questionId: 'q', subject: 'a' } as const
    expect(read(state(4), question)).toMatchObject({ state: state(4), outcomes: [question] })
  })
})

describe('the end of a subject', () => {
  const gone = { type: 'subject-ended', sequence: 5, issuer: 'i', subject: 'a' } as const
  const doubted = { type: 'subject-doubted', issuer: 'i', subject: 'a' } as const

  it('RX.1 is applied at once by the feed that tells it first', () => {
    expect(readFeedLine(state(4), gone, at(4)).outcomes).toEqual([gone])
  })

  it('that another feed told before is asked about: the subject may be back by now', () => {
    expect(readFeedLine(state(4), gone, at(5)).outcomes).toEqual([doubted])
    const otherEpoch = { epoch: 'f', sequence: 9 }
    expect(readFeedLine(state(4), gone, otherEpoch).outcomes).toEqual([gone])
  })

  it('that a reconnected feed catches up on is asked about, until it is through', () => {
    const back = { type: 'position', epoch: 'e', sequence: 4 } as const
    const withMargin = { ...gone, sequence: 6, marginMs: 500 }
    const caughtUp = { type: 'alive', sequence: 6 } as const
    const late = { ...gone, sequence: 7 }
    expect(read(state(4), back, gone, withMargin, caughtUp, late).outcomes).toEqual([
      doubted,
      { ...doubted, marginMs: 500 },
      late,
    ])
  })

  it('RX.2 in a gap ends whom it names and asks about everybody', () => {
    const far = { ...gone, sequence: 7 }
    expect(read(state(4), far).outcomes).toEqual([far, checkAll])
  })
})

describe('the backoff', () => {
  it('doubles to a bound, with jitter downwards only', () => {
    const longest = [0, 1, 4, 5, 1000].map((attempt) => backoffMs(attempt, () => 1))
    expect(longest).toEqual([100, 200, 1600, 2000, 2000])
    expect(backoffMs(0, () => 0)).toBe(50)
  })
})
