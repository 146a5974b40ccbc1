// Attempts in this process's memory: right for one sidecar. Bounded: beyond `maxKeys` a window is forgotten early,
// the oldest of those with attempts left, so that a flood of fresh addresses cannot cheaply wipe out a refusal.
// Only when every window held is spent does the oldest of them go; to get there takes `maxKeys` times the limit.

import { type AgedMap, createAgedMap } from './aged-map.ts'
import type { AttemptCount, AttemptLimiter } from './attempt-limiter.ts'

type Window = { readonly startedAtMs: number; count: number }

export type MemoryAttemptLimiterOptions = {
  readonly limit: number
  readonly windowMs: number
  readonly maxKeys: number
  readonly now: () => number
}

/** What a limiter holds now; for metrics. */
export type AttemptLimiterState = {
  readonly keys: number
  /** Keys that have used up their window. */
  readonly spentKeys: number
}

export type MemoryAttemptLimiter = AttemptLimiter & { readonly state: () => AttemptLimiterState }

/** A fixed window from the first counted attempt of a key. */
export function createMemoryAttemptLimiter(
  options: MemoryAttemptLimiterOptions,
): MemoryAttemptLimiter {
  const { limit: defaultLimit, windowMs, maxKeys, now } = options
  const open: AgedMap<Window> = createAgedMap()
  const spent: AgedMap<Window> = createAgedMap()
  const hasEnded = (window: Window, nowMs: number) => nowMs - window.startedAtMs >= windowMs

  // A window enters `spent` when it is used up, at most its own length after its start: one that ended behind
  // another that has not is dropped at most a window later.
  function dropEnded(nowMs: number): void {
    for (const windows of [open, spent]) {
      for (let oldest = windows.oldest(); oldest; oldest = windows.oldest()) {
        if (!hasEnded(oldest[1], nowMs)) break
        windows.delete(oldest[0])
      }
    }
  }

  /** The window of a key that still runs. */
  function find(key: string, nowMs: number): Window | undefined {
    const window = spent.get(key) ?? open.get(key)
    return window && !hasEnded(window, nowMs) ? window : undefined
  }

  function begin(key: string, nowMs: number, limit: number): void {
    // An ended one may still stand under this key; where it stood is not where a new one belongs.
    open.delete(key)
    spent.delete(key)
    if (open.size() + spent.size() >= maxKeys) {
      const [windows, oldest] = open.oldest() ? [open, open.oldest()] : [spent, spent.oldest()]
      if (oldest) windows.delete(oldest[0])
    }
    const windows = limit > 1 ? open : spent
    windows.set(key, { startedAtMs: nowMs, count: 1 })
  }

  function judge(window: Window | undefined, limit: number, nowMs: number): AttemptCount {
    if (!window || window.count < limit) return { allowed: true }
    const waitMs = window.startedAtMs + windowMs - nowMs
    return { allowed: false, retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) }
  }

  return {
    async count(key, limit = defaultLimit) {
      const nowMs = now()
      dropEnded(nowMs)
      const window = find(key, nowMs)
      const verdict = judge(window, limit, nowMs)
      if (!verdict.allowed) return verdict
      if (!window) {
        begin(key, nowMs, limit)
        return verdict
      }
      window.count += 1
      if (window.count >= limit) {
        open.delete(key)
        spent.set(key, window)
      }
      return verdict
    },
    async peek(key, limit = defaultLimit) {
      const nowMs = now()
      return judge(find(key, nowMs), limit, nowMs)
    },
    async giveBack(key) {
      const window = find(key, now())
      if (!window || window.count === 0) return
      window.count -= 1
      if (!spent.get(key)) return
      spent.delete(key)
      open.set(key, window)
    },
    state() {
      dropEnded(now())
      return { keys: open.size() + spent.size(), spentKeys: spent.size() }
    },
  }
}
