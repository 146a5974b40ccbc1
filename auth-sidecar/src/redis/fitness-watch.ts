// Asks a Redis at every connect, and every second after, whether it may be used, and tells each answer. Knows no
// client: what it asks with is handed in.

import { notPermitted, type RedisFault, redisFault } from './redis-fitness.ts'
import { outageOf } from './redis-outage.ts'

/** Whether it can be used now, or why not. */
export type RedisVerdict =
  | { readonly state: 'fit' }
  | { readonly state: 'unreachable'; readonly code: string }
  | { readonly state: 'unfit'; readonly fault: RedisFault }

export type FitnessWatch = {
  /** Asks anew; an answer that was still under way counts no more. */
  readonly check: () => void
  /** Asks before its time, because a command failed; while an answer is under way that is enough. */
  readonly suspect: () => void
  /** There is nobody to ask until the next `check`. */
  readonly pause: () => void
}

export type FitnessWatchDeps = {
  /** The text of `INFO`. Rejects within a second. */
  readonly info: () => Promise<string>
  readonly onVerdict: (verdict: RedisVerdict) => void
  readonly intervalMs: number
}

/** However many commands fail: asking is work too. */
const minIntervalMs = 100

/** Watches until it is paused for good. */
export function watchFitness({ info, onVerdict, intervalMs }: FitnessWatchDeps): FitnessWatch {
  let round = 0
  let askedAtMs = 0
  let timer: NodeJS.Timeout | undefined

  async function ask(): Promise<RedisVerdict> {
    try {
      const fault = redisFault(await info())
      return fault ? { state: 'unfit', fault } : { state: 'fit' }
    } catch (error) {
      const { code } = outageOf(error)
      if (code === 'NOPERM') return { state: 'unfit', fault: notPermitted }
      return { state: 'unreachable', code }
    }
  }

  async function check(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    round += 1
    askedAtMs = performance.now()
    const ownRound = round
    const verdict = await ask()
    if (ownRound !== round) return
    timer = setTimeout(() => void check(), intervalMs)
    onVerdict(verdict)
  }

  return {
    check: () => void check(),
    suspect() {
      if (timer && performance.now() - askedAtMs > minIntervalMs) void check()
    },
    pause() {
      clearTimeout(timer)
      timer = undefined
      round += 1
    },
  }
}
