// Leaving in good order: every socket is told to come back within a window, a batch at a time, so that the
// herd does not return at once. Whoever asks `isDraining` must turn new ones away.

import type { CloseName } from '@sallyport/contracts/close-codes'
import { wait } from './wait.ts'

type Leaving = { readonly end: (name: CloseName, retryAfterMs?: number) => void }

type DrainDeps = {
  readonly registry: { readonly all: () => readonly Leaving[]; readonly empty: () => Promise<void> }
  /** Yields [0, 1). */
  readonly random: () => number
  readonly timing: DrainTiming
}

export type DrainTiming = {
  /** Clients are told to come back at a random moment within this. */
  readonly returnWindowMs: number
  readonly batchSize: number
  readonly batchPauseMs: number
  /** After this the process stops whatever is still open. */
  readonly maxDurationMs: number
}

/** The timing in force. */
export const defaultDrainTiming: DrainTiming = {
  returnWindowMs: 10_000,
  batchSize: 200,
  batchPauseMs: 20,
  maxDurationMs: 5000,
}

/** Builds the drain of one process; it begins once and is never undone. */
export function createDrain({ registry, random, timing }: DrainDeps) {
  let draining = false

  async function endAll(signal: AbortSignal): Promise<void> {
    const connections = registry.all()
    for (let from = 0; from < connections.length && !signal.aborted; from += timing.batchSize) {
      if (from > 0) await wait(timing.batchPauseMs, signal)
      for (const connection of connections.slice(from, from + timing.batchSize)) {
        connection.end('serviceRestart', Math.floor(random() * timing.returnWindowMs))
      }
    }
    await registry.empty()
  }

  return {
    isDraining: (): boolean => draining,
    /** Ends every socket; resolves when none is left or the time is up. */
    async drain(): Promise<void> {
      draining = true
      const over = new AbortController()
      await Promise.race([endAll(over.signal), wait(timing.maxDurationMs, over.signal)])
      over.abort()
    },
  }
}
