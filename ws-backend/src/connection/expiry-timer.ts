// A deadline on the monotonic clock. Node's own timers fire at once for NaN, Infinity and anything from 2**31 ms;
// this one clamps and re-arms, so that a long life is a long life.

const longestTimeoutMs = 2 ** 31 - 1

/**
 * Timers and the monotonic clock stand still while the machine sleeps, lifetimes do not: so the wall clock has a say.
 * It may be corrected by this much without ending anybody. Beyond it, a clock that was set forward and a machine that
 * slept look the same, and both end a life: a client that is good comes back with a new token. A clock that is set
 * back changes nothing: the wall clock only ever ends a life, it never lengthens one.
 */
const wallClockToleranceMs = 5000

export type Clocks = {
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number
  readonly wallClock: () => Date
}

export type ExpiryTimer = {
  /**
   * True from the deadline on, even while the event loop was too busy to fire, and when the machine slept beyond it.
   * After a sleep nobody is called: whoever may be overdue has to be asked.
   */
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
  { now, wallClock }: Clocks,
  onExpired: () => void,
): ExpiryTimer {
  if (Number.isNaN(deadlineMs)) throw new RangeError('a deadline must be a number')
  let timer: NodeJS.Timeout | undefined
  const remainingMs = () => Math.max(0, deadlineMs - now())
  const latestWallMs = wallClock().getTime() + remainingMs() + wallClockToleranceMs
  const hasPassed = () => remainingMs() === 0 || wallClock().getTime() > latestWallMs
  const arm = () => {
    timer = setTimeout(fire, Math.min(Math.ceil(remainingMs()), longestTimeoutMs))
  }
  const fire = () => {
    if (remainingMs() === 0) onExpired()
    else arm()
  }
  if (deadlineMs !== Number.POSITIVE_INFINITY) arm()
  return { hasPassed, remainingMs, cancel: () => clearTimeout(timer) }
}
