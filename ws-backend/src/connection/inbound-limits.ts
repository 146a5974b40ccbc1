// Bounds on what one client may say: a token bucket for messages and bytes, so many of a kind within a window, and a
// counter of misdeeds within one.

/**
 * Allows `burst` at once and `perSecond` in the long run. What costs more than the burst passes when the bucket is
 * full, and is paid for afterwards.
 */
export function createTokenBucket(perSecond: number, burst: number, now: () => number) {
  let tokens = burst
  let filledAtMs = now()
  return function tryTake(cost = 1): boolean {
    const readAtMs = now()
    tokens = Math.min(burst, tokens + ((readAtMs - filledAtMs) / 1000) * perSecond)
    filledAtMs = readAtMs
    if (tokens < Math.min(cost, burst)) return false
    tokens -= cost
    return true
  }
}

/** Counts occurrences; the returned function says true when `limit` of them lie within `windowMs`. */
export function createMisdeedCounter(limit: number, windowMs: number, now: () => number) {
  // At most `limit` times are kept, oldest first.
  const times: number[] = []
  return function countAndJudge(): boolean {
    const readAtMs = now()
    times.push(readAtMs)
    if (times.length > limit) times.shift()
    return times.length === limit && readAtMs - (times[0] ?? 0) < windowMs
  }
}

/** Allows `limit` within any `windowMs`; what it refuses does not count. */
export function createWindowLimit(limit: number, windowMs: number, now: () => number) {
  let takenAtMs: readonly number[] = []
  return function tryTake(): boolean {
    const readAtMs = now()
    takenAtMs = takenAtMs.filter((time) => readAtMs - time < windowMs)
    if (takenAtMs.length >= limit) return false
    takenAtMs = [...takenAtMs, readAtMs]
    return true
  }
}
