// Counts the answers of one order and how long each took.

import { percentile } from '../measure.ts'
import type { LoadResult } from './load-protocol.ts'

export type Tally = {
  /** An answer's head has come to what was sent at `sentAtMs` (performance.now); `surprise` if it is a wrong one. */
  readonly count: (sentAtMs: number, surprise: string | undefined) => void
  /** Remembers the assertion of an answer. */
  readonly keep: (assertion: string) => void
  /** The result up to now; throws when nothing was answered. */
  readonly result: () => LoadResult
}

/** Starts counting, and the clock. */
export function createTally(): Tally {
  const startedAtMs = performance.now()
  const latenciesMs: number[] = []
  let [surprises, first, assertion] = [0, '', '']
  return {
    count(sentAtMs, surprise) {
      latenciesMs.push(performance.now() - sentAtMs)
      if (surprise === undefined) return
      surprises += 1
      first ||= surprise
    },
    keep(latest) {
      assertion = latest
    },
    result() {
      const seconds = (performance.now() - startedAtMs) / 1000
      if (latenciesMs.length === 0) throw new Error('nothing was answered')
      const latencyMs = { p50: percentile(latenciesMs, 0.5), p99: percentile(latenciesMs, 0.99) }
      const counts = { answered: latenciesMs.length, surprises, surprise: first }
      return { ...counts, seconds, latencyMs, assertion }
    },
  }
}
