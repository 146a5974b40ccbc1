// Watches one child: asks again and again whether it is alive, and says when it has been silent for too long. Kills
// nothing itself.

export type WatchdogTiming = {
  /** From one question to the next, whatever became of the one before. */
  readonly intervalMs: number
  /** How long an answer may take. */
  readonly patienceMs: number
  /** So many questions in a row without an answer are too many. */
  readonly misses: number
}

export type WatchdogDeps = {
  readonly isAlive: (withinMs: number) => Promise<boolean>
  readonly timing: WatchdogTiming
  /** Monotonic clock, ms. */
  readonly now: () => number
}

/** A launcher that was held up itself asks and hears late: what it missed is not the child's silence. */
const slackMs = 250
/** But under a load that lasts it hears nothing else: one of so many in a row counts. */
const latePerMiss = 3

/** Starts asking; `stalled` is fulfilled at most once, and never after `close`. */
export function watchChild({ isAlive, timing, now }: WatchdogDeps) {
  const { intervalMs, patienceMs, misses } = timing
  const stalled = Promise.withResolvers<void>()
  let missed = 0
  let late = 0
  let isOver = false
  const timer = setInterval(() => void ask(), intervalMs)

  async function ask(): Promise<void> {
    const askedMs = now()
    const isAnswered = await isAlive(patienceMs).catch(() => false)
    if (isOver) return
    const isLate = !isAnswered && now() - askedMs > patienceMs + slackMs
    late = isLate ? late + 1 : 0
    if (isLate && late < latePerMiss) return
    if (isLate) late = 0
    missed = isAnswered ? 0 : missed + 1
    if (missed < misses) return
    close()
    stalled.resolve()
  }

  function close(): void {
    isOver = true
    clearInterval(timer)
  }

  return { stalled: stalled.promise, close }
}
