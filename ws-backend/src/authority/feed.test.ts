// From chunks to meaning, pure: line ends, line lengths, positions, gaps.

import { describe, expect, it } from 'vitest'
import { backoffMs } from './backoff.ts'
import { createLineSplitter, parseFeedLine } from './feed-lines.ts'
import { readFeedLine } from './feed-position.ts'

const ended = (sequence: number) =>
  ({ type: 'session-ended', sequence, sessionId: 's', subject: 'a' }) as const
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

describe('the position', () => {
  it('RX.2 is taken from the first line, and whoever was accepted before it is asked about', () => {
    expect(readFeedLine(undefined, { type: 'position', epoch: 'e', sequence: 4 })).toEqual({
      position: at(4),
      outcomes: [{ type: 'check-all' }],
    })
  })

  it('RX.2 does not run ahead of events that are still to be replayed', () => {
    const back = readFeedLine(at(4), { type: 'position', epoch: 'e', sequence: 9 })
    expect(back).toEqual({ position: at(4), outcomes: [] })
    expect(readFeedLine(back.position, ended(5)).position).toEqual(at(5))
  })

  it('RX.2 of another epoch means that everybody is asked about', () => {
    const read = readFeedLine(at(4), { type: 'position', epoch: 'f', sequence: 1 })
    expect(read).toEqual({
      position: { epoch: 'f', sequence: 1 },
      outcomes: [{ type: 'check-all' }],
    })
  })

  it('RX.2 jumps with a resync', () => {
    const read = readFeedLine(at(4), { type: 'resync', epoch: 'f', sequence: 0 })
    expect(read).toEqual({
      position: { epoch: 'f', sequence: 0 },
      outcomes: [{ type: 'check-all' }],
    })
  })

  it('keeps the highest sequence, and applies an event that comes twice', () => {
    expect(readFeedLine(at(4), ended(3))).toEqual({
      position: at(4),
      outcomes: [{ type: 'session-ended', sessionId: 's' }],
    })
    expect(readFeedLine(at(4), ended(5))).toEqual({
      position: at(5),
      outcomes: [{ type: 'session-ended', sessionId: 's' }],
    })
  })

  it('RX.2 notices by an event that one before it was lost, and ends what it names all the same', () => {
    expect(readFeedLine(at(4), ended(6))).toEqual({
      position: at(6),
      outcomes: [{ type: 'session-ended', sessionId: 's' }, { type: 'check-all' }],
    })
  })

  it('RX.2 notices by `alive` that an event was lost', () => {
    expect(readFeedLine(at(4), { type: 'alive', sequence: 4 }).outcomes).toEqual([])
    expect(readFeedLine(at(4), { type: 'alive', sequence: 5 })).toEqual({
      position: at(5),
      outcomes: [{ type: 'check-all' }],
    })
  })
})

describe('the backoff', () => {
  it('doubles to a bound, with jitter downwards only', () => {
    const longest = [0, 1, 4, 5, 1000].map((attempt) => backoffMs(attempt, () => 1))
    expect(longest).toEqual([100, 200, 1600, 2000, 2000])
    expect(backoffMs(0, () => 0)).toBe(50)
  })
})
