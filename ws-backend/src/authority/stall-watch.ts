// Did this process stand still (stopped, its machine paused, its event loop blocked)? What was sent meanwhile waits
// unread, in no particular order, and a line that ends somebody may come last. Knows neither sockets nor feeds.

/** A pulse that is this much late was stopped by more than a busy moment. */
export const longestPauseMs = 1000

const pulseIntervalMs = 100

/** A wall clock may be corrected by this much. Beyond it the machine slept, and its monotonic clock with it. */
const wallClockToleranceMs = 5000

type StallWatchDeps = {
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number
  readonly wallClock: () => Date
  /** Called once a stall, with how long it lasted: by the pulse, or by whoever asks before the pulse can beat. */
  readonly onStall: (stalledMs: number) => void
}

/** Starts the pulse. */
export function createStallWatch({ now, wallClock, onStall }: StallWatchDeps) {
  let beatAtMs = now()
  let beatAtWallMs = wallClock().getTime()

  function stalledForMs(): number {
    const lateMs = now() - beatAtMs - pulseIntervalMs
    const wallLateMs = wallClock().getTime() - beatAtWallMs - pulseIntervalMs
    return Math.max(0, lateMs, wallLateMs > wallClockToleranceMs ? wallLateMs : 0)
  }

  function beat(): void {
    beatAtMs = now()
    beatAtWallMs = wallClock().getTime()
  }

  /** To be asked before anything is done that hangs on having heard of what ends: activity may come before timers. */
  function look(): void {
    const stalledMs = stalledForMs()
    if (stalledMs <= longestPauseMs) return
    beat()
    onStall(stalledMs)
  }

  const pulse = setInterval(() => {
    look()
    beat()
  }, pulseIntervalMs)
  return {
    /** How late the pulse is; 0 or more. */
    stalledForMs,
    look,
    close: (): void => clearInterval(pulse),
  }
}
