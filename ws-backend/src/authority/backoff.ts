// How long to wait before the next attempt: doubling, bounded, with jitter so that backends do not march in step.

const firstDelayMs = 100
const longestDelayMs = 2000

/** Milliseconds before attempt `attempt` (from 0); `random` yields [0, 1). */
export function backoffMs(attempt: number, random: () => number): number {
  const fullMs = Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(attempt, 30))
  return fullMs * (0.5 + random() / 2)
}
