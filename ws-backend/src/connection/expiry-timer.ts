// A deadline on the monotonic clock. Node's own timers fire at once for NaN, Infinity and anything from 2**31 ms;
// this one clamps and re-arms, so that a long life is a long life.

const longestTimeoutMs = 2 ** 31 - 1

export type ExpiryTimer = {
  /** True from the deadline on, even while the event loop was too busy to fire. */
  readonly hasPassed: () => boolean
  /** 0 or more; Infinity when it never fires. */
  readonly remainingMs: () => number
  readonly cancel: () => void
}

/**
 * Calls `onExpired` once when `now()` has reached `deadlineMs` (a monotonic clock's reading). Infinity never
 * fires; NaN throws a RangeError.
 */
export function startExpiryTimer(
  deadlineMs: number,
  now: () => number,
  onExpired: () => void,
): ExpiryTimer {
  if (Number.isNaN(deadlineMs)) throw new RangeError('a deadline must be a number')
  let timer: NodeJS.Timeout | undefined
  const remainingMs = () => Math.max(0, deadlineMs - now())
  const arm = () => {
    timer = setTimeout(fire, Math.min(Math.ceil(remainingMs()), longestTimeoutMs))
  }
  const fire = () => {
    if (remainingMs() === 0) onExpired()
    else arm()
  }
  if (deadlineMs !== Number.POSITIVE_INFINITY) arm()
  return { hasPassed: () => remainingMs() === 0, remainingMs, cancel: () => clearTimeout(timer) }
}
