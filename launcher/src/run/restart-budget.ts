// How often a child may be started again: what falls over again and again is not kept up, it is reported. Pure but for
// its memory.

export type RestartLimit = { readonly restarts: number; readonly withinMs: number }

/** Builds the budget of one child; `take` is false when it is used up. */
export function createRestartBudget(limit: RestartLimit, now: () => number) {
  let restartsMs: readonly number[] = []
  return {
    take: (): boolean => {
      const nowMs = now()
      const recent = restartsMs.filter((restartMs) => nowMs - restartMs < limit.withinMs)
      if (recent.length >= limit.restarts) return false
      restartsMs = [...recent, nowMs]
      return true
    },
  }
}
