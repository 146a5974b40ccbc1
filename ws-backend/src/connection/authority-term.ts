// How long the authority under one socket lasts: until its own end or an earlier one that was announced, and when to warn
// of it. Knows no socket, no identity and no message; says only when.

import type { CloseName } from '@sallyport/contracts/close-codes'
import { type Clocks, type ExpiryTimer, startExpiryTimer } from './expiry-timer.ts'

/** So long before the end its client is warned; of a short life a quarter before, so that it is not warned at once. */
const longestWarningMs = 30_000
const warningShare = 0.25

type TermOptions = {
  /** Both on the clock of `now`. */
  readonly fromMs: number
  readonly deadlineMs: number
  readonly onExpiring: () => void
  readonly onExpired: () => void
}

export type AuthorityTerm = {
  /** True from the end on, whether a timer could fire or not. */
  readonly hasPassed: () => boolean
  /** 0 or more; Infinity when it never ends. */
  readonly remainingMs: () => number
  /** What a socket ends with when the term has passed. */
  readonly endsWith: () => CloseName
  /** From here on its end is warned of: at once, when it is near already. */
  readonly startWarning: () => void
  /** Another end of its own, warned of anew. What was announced stays. NaN throws a RangeError. */
  readonly renew: (deadlineMs: number) => void
  /** An end with `name` that only `withdraw` puts off; false when an earlier one stands. */
  readonly announce: (deadlineMs: number, name: CloseName) => boolean
  readonly isAnnounced: () => boolean
  readonly withdraw: () => void
  /** For good: nothing is armed any more. */
  readonly cancel: () => void
}

type End = { readonly deadlineMs: number; readonly name: CloseName; readonly timer: ExpiryTimer }

/** Starts the clock. NaN throws a RangeError. */
export function startAuthorityTerm(options: TermOptions, clocks: Clocks): AuthorityTerm {
  const { onExpiring, onExpired } = options
  let own = arm(options.deadlineMs, 'tokenInvalid')
  let warnAtMs = warningOf(options.fromMs, options.deadlineMs)
  let announced: End | undefined
  let warning: ExpiryTimer | undefined
  let isWarning = false

  function arm(deadlineMs: number, name: CloseName): End {
    return { deadlineMs, name, timer: startExpiryTimer(deadlineMs, clocks, onExpired) }
  }

  /** Whichever comes first. */
  function nextEnd(): End {
    return announced && announced.deadlineMs <= own.deadlineMs ? announced : own
  }

  function armWarning(): void {
    warning?.cancel()
    if (isWarning) warning = startExpiryTimer(warnAtMs, clocks, warn)
  }

  function warn(): void {
    // An announced end was told when it was announced.
    if (nextEnd() === own) onExpiring()
  }

  return {
    hasPassed: () => own.timer.hasPassed() || announced?.timer.hasPassed() === true,
    remainingMs: () => nextEnd().timer.remainingMs(),
    endsWith: () => nextEnd().name,
    startWarning() {
      isWarning = true
      armWarning()
    },
    renew(deadlineMs) {
      const next = arm(deadlineMs, 'tokenInvalid')
      own.timer.cancel()
      own = next
      warnAtMs = warningOf(clocks.now(), deadlineMs)
      armWarning()
    },
    announce(deadlineMs, name) {
      if (announced && announced.deadlineMs <= deadlineMs) return false
      const next = arm(deadlineMs, name)
      announced?.timer.cancel()
      announced = next
      return true
    },
    isAnnounced: () => announced !== undefined,
    withdraw() {
      announced?.timer.cancel()
      announced = undefined
    },
    cancel() {
      own.timer.cancel()
      announced?.timer.cancel()
      warning?.cancel()
    },
  }
}

function warningOf(fromMs: number, deadlineMs: number): number {
  const lifeMs = deadlineMs - fromMs
  return deadlineMs - Math.min(longestWarningMs, lifeMs * warningShare)
}
