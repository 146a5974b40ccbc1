// A bound on waiting: what takes longer is an outage. One sweep for all that wait, because a timer for each
// handshake would cost more than most of its steps.

/** Rejects the work it is given when that has not settled in time. */
export type Deadline = {
  readonly within: <T>(work: Promise<T>) => Promise<T>
  readonly close: () => void
}

/** A deadline of `ms`, kept to within a quarter of it. */
export function createDeadline(ms: number): Deadline {
  // All wait equally long, so the set's order of insertion is the order in which they are due.
  const waiting = new Set<{ readonly dueAtMs: number; readonly expire: () => void }>()
  const sweep = setInterval(() => {
    const nowMs = performance.now()
    for (const entry of waiting) {
      if (entry.dueAtMs > nowMs) return
      waiting.delete(entry)
      entry.expire()
    }
  }, ms / 4)
  sweep.unref()

  return {
    within(work) {
      return new Promise((resolve, reject) => {
        const expire = () => reject(new Error(`no decision within ${ms} ms`))
        const entry = { dueAtMs: performance.now() + ms, expire }
        waiting.add(entry)
        const forget = () => waiting.delete(entry)
        work.then(resolve, reject)
        work.then(forget, forget)
      })
    },
    close: () => clearInterval(sweep),
  }
}
