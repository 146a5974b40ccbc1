// Attempts in this process's memory: right for one sidecar. Bounded, so that a million addresses cost nothing:
// windows are kept in order of their start, ended ones are dropped from the front, and so is the oldest beyond the cap.

import type { AttemptLimiter } from './attempt-limiter.ts'

type Window = { readonly startedAtMs: number; count: number }

export type MemoryAttemptLimiterOptions = {
  readonly limit: number
  readonly windowMs: number
  readonly maxKeys: number
  readonly now: () => number
}

/** A fixed window from the first counted attempt of a key. */
export function createMemoryAttemptLimiter(options: MemoryAttemptLimiterOptions): AttemptLimiter {
  const { limit, windowMs, maxKeys, now } = options
  // A Map iterates in order of insertion and a window is inserted when it starts: the oldest is always first.
  const windows = new Map<string, Window>()

  function dropEnded(nowMs: number): void {
    for (const [key, window] of windows) {
      const ended = nowMs - window.startedAtMs >= windowMs
      if (!ended && windows.size <= maxKeys) return
      windows.delete(key)
    }
  }

  return {
    async count(key) {
      const nowMs = now()
      dropEnded(nowMs)
      const window = windows.get(key)
      if (!window) {
        windows.set(key, { startedAtMs: nowMs, count: 1 })
        return { allowed: true }
      }
      if (window.count < limit) {
        window.count += 1
        return { allowed: true }
      }
      const waitMs = window.startedAtMs + windowMs - nowMs
      return { allowed: false, retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) }
    },
  }
}
