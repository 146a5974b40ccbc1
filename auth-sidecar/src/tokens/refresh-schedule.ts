// When something is fetched: at the start, by itself after a while, and at once for whoever asks, but never twice at a
// time and never too soon. It does not know what is fetched.

/** What a run says about the next ones, in milliseconds. */
export type RefreshPlan = {
  /** From the start of this run, before anybody's asking begins another. */
  readonly notBeforeMs: number
  /** From the end of this run, until the next begins by itself; undefined: as soon as it may. */
  readonly againAfterMs: number | undefined
}

export type RefreshSchedule = {
  /** Waits for the run under way, or for a new one unless it is too soon. */
  readonly refresh: () => Promise<void>
  /** Begins nothing any more; waits for the run under way. */
  readonly close: () => Promise<void>
}

/** Begins with a run; `run` must not reject. */
export function createRefreshSchedule(
  run: () => Promise<RefreshPlan>,
  now: () => number,
): RefreshSchedule {
  let underWay: Promise<void> | undefined
  let notBeforeMs = 0
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  async function runOnce(): Promise<void> {
    clearTimeout(timer)
    const startedAtMs = now()
    try {
      const plan = await run()
      notBeforeMs = startedAtMs + plan.notBeforeMs
      if (isClosed) return
      const waitMs = plan.againAfterMs ?? notBeforeMs - now()
      timer = setTimeout(start, Math.max(waitMs, 0)).unref()
    } finally {
      underWay = undefined
    }
  }

  function start(): void {
    underWay ??= runOnce()
  }

  start()
  return {
    async refresh() {
      if (!isClosed && now() >= notBeforeMs) start()
      await underWay
    },
    async close() {
      isClosed = true
      clearTimeout(timer)
      await underWay
    },
  }
}
