import { describe, expect, it } from 'vitest'
import { singleRows, wholeRows, withCount } from './revoke-rows.ts'

const one = { answeredMs: 20, lastDeliveredMs: 9, lastHeardMs: 12, closedMs: 15, endedMs: 16 }
const roundOf = (lastMs: number, tookMs: number, ranMs: number) => ({
  result: { sockets: 5000, answeredMs: 5, lastMs, endedMs: lastMs + 1 },
  times: {
    longest: { tookMs, ranMs: 3, waitedMs: 4 },
    mostRanMs: ranMs,
    asked: 9,
    ownLongestMs: 1,
  },
})
const valuesOf = (rows: readonly { id: string; value: number | null }[]) =>
  Object.fromEntries(rows.map(({ id, value }) => [id, value]))

describe('the rows of endings', () => {
  it('tell of single sockets when the last message came, and how far the close was behind', () => {
    const slow = { ...one, lastDeliveredMs: 40, closedMs: 45 }
    expect(valuesOf(singleRows([one, one, slow]))).toEqual({
      'revoke.one.p50-ms': 12,
      'revoke.one.p99-ms': 40,
      'revoke.one.max-ms': 40,
      'feed.lag.p99-ms': 25,
    })
  })

  it('tell of subjects the worst round, figure by figure', () => {
    const rows = wholeRows([roundOf(700, 30, 20), roundOf(600, 45, 10)])
    expect(valuesOf(rows)).toEqual({
      'revoke.user5000.last-ms': 700,
      'revoke.user5000.tcp-ms': 701,
      'revoke.stall-ms': 45,
      'revoke.stall.ran-ms': 20,
    })
    expect(rows[2]?.note).toContain('ran 3.0 ms of that and waited 4.0 ms')
  })

  it('say how many sockets there really were', () => {
    const [row] = wholeRows([roundOf(1, 2, 3)]).map((each) => withCount(each, 3096))
    expect(row?.unit).toContain('3,096')
  })
})
