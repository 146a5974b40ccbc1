// Which keys this sidecar has counted in Redis and when their windows end: for metrics, and so that a flood of fresh
// addresses cannot fill a Redis that must forget nothing. Beyond a bound the oldest is named for forgetting, as in
// memory: one with attempts left first, a spent one only when all are.

import { type AgedMap, createAgedMap } from './aged-map.ts'
import type { AttemptLimiterState } from './attempt-limiter.memory.ts'

export type CountedKeys = {
  /** Notes a window as Redis said it is; the answer is the key whose window must be forgotten. */
  readonly note: (
    key: string,
    window: { readonly isNew: boolean; readonly isSpent: boolean; readonly endsAtMs: number },
  ) => string | undefined
  readonly state: () => AttemptLimiterState
}

/** Remembers at most `maxKeys`. */
export function countKeys(maxKeys: number, now: () => number): CountedKeys {
  const open: AgedMap<number> = createAgedMap()
  const spent: AgedMap<number> = createAgedMap()

  function dropEnded(): void {
    const nowMs = now()
    for (const windows of [open, spent]) {
      for (let oldest = windows.oldest(); oldest; oldest = windows.oldest()) {
        if (oldest[1] > nowMs) break
        windows.delete(oldest[0])
      }
    }
  }

  return {
    note(key, { isNew, isSpent, endsAtMs }) {
      dropEnded()
      const [windows, others] = isSpent ? [spent, open] : [open, spent]
      // A window that begins anew does not belong where the one before it stood.
      if (isNew) windows.delete(key)
      others.delete(key)
      windows.set(key, endsAtMs)
      if (open.size() + spent.size() <= maxKeys) return undefined
      const isAloneOpen = !isSpent && open.size() === 1
      const leaving = open.size() === 0 || isAloneOpen ? spent : open
      const oldest = leaving.oldest()?.[0]
      if (oldest !== undefined) leaving.delete(oldest)
      return oldest
    },
    state() {
      dropEnded()
      return { keys: open.size() + spent.size(), spentKeys: spent.size() }
    },
  }
}
