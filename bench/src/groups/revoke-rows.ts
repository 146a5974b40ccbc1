// The rows of the group of endings, and how they come of its samples. Pure.

import type { RevokeOneResult, RevokeSubjectResult } from '../load/fleet/fleet-protocol.ts'
import type { Figure, Measurement } from '../report.ts'
import type { AnswerTimes } from './answer-probe.ts'
import { feedLagMs, lastMessageMs, percentileOf, withNote } from './figures-of-samples.ts'

const sent = 'two pairs, two backends, Redis; from the request'
const one = 'ms until the last message, one of 5,000'
const all = 'ms until the last of 5,000'
/** Every figure of the group. */
export const revokeFigures = {
  p50: { id: 'revoke.one.p50-ms', unit: one, at: sent, goal: null },
  p99: { id: 'revoke.one.p99-ms', unit: one, at: sent, goal: { atMost: 50 } },
  max: { id: 'revoke.one.max-ms', unit: one, at: sent, goal: null },
  lag: {
    id: 'feed.lag.p99-ms',
    unit: 'ms from the answer to the close, one of 5,000',
    at: 'two pairs, two backends, Redis; negative: the close came first',
    goal: null,
  },
  last: {
    id: 'revoke.user5000.last-ms',
    unit: `${all} has its close frame`,
    at: sent,
    goal: { atMost: 1000 },
  },
  ended: { id: 'revoke.user5000.tcp-ms', unit: `${all} has no TCP`, at: sent, goal: null },
  stall: {
    id: 'revoke.stall-ms',
    unit: 'ms, longest answer of a backend meanwhile',
    at: 'its /healthz, asked every 5 ms from outside',
    goal: { atMost: 50 },
  },
  ran: {
    id: 'revoke.stall.ran-ms',
    unit: 'ms that its main thread ran during one answer, at most',
    at: 'the same, without waiting for a core',
    goal: null,
  },
} as const satisfies Record<string, Figure>

/** One end of a subject: what came of it, and how the backends answered meanwhile. */
export type SubjectRound = { readonly result: RevokeSubjectResult; readonly times: AnswerTimes }

/** Of one socket among thousands. */
export function singleRows(taken: readonly RevokeOneResult[]): Measurement[] {
  const lasting = taken.map(lastMessageMs)
  return [
    percentileOf(revokeFigures.p50, lasting, 0.5),
    percentileOf(revokeFigures.p99, lasting, 0.99),
    percentileOf(revokeFigures.max, lasting, 1),
    percentileOf(revokeFigures.lag, taken.map(feedLagMs), 0.99),
  ]
}

/** Of everything of a subject; the worst round counts. */
export function wholeRows(rounds: readonly SubjectRound[]): Measurement[] {
  const worst = (figure: Figure, value: (round: SubjectRound) => number, note?: string) =>
    percentileOf(figure, rounds.map(value), 1, note)
  const stallMs = ({ times }: SubjectRound) => times.longest.tookMs
  const [worstRound] = rounds.toSorted((a, b) => stallMs(b) - stallMs(a))
  const how = 'the backend has no gauge for stalls: its longest answer while 5,000 sockets ended'
  return [
    worst(revokeFigures.last, ({ result }) => result.lastMs),
    worst(revokeFigures.ended, ({ result }) => result.endedMs),
    worst(
      revokeFigures.stall,
      stallMs,
      worstRound && `${how}; ${describeLongest(worstRound.times)}`,
    ),
    worst(revokeFigures.ran, ({ times }) => times.mostRanMs),
  ]
}

/** Whether it was the backend that was busy, or the machine. */
export function describeLongest({ longest: { ranMs, waitedMs } }: AnswerTimes): string {
  return `its main thread ran ${ranMs.toFixed(1)} ms of that and waited ${waitedMs.toFixed(1)} ms for a core`
}

/** The table says how many there really were. */
export function withCount(row: Measurement, count: number): Measurement {
  const told = (text: string) => text.replace('5,000', count.toLocaleString('en'))
  return withNote({ ...row, unit: told(row.unit) }, row.note && told(row.note))
}
