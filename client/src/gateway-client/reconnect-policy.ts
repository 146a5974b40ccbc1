// What a close means for the client: pure, and the only place that decides it. What a code is stands in the
// contracts' registry and is not repeated here.

import { type CloseCode, closeCodeOf, closeCodes } from '@sallyport/contracts/close-codes'
import { maxTimerMs } from './timer.ts'

/** Why a client has stopped for good: `auth` = sign in again, `forbidden` = signing in would not help. */
export type StopOutcome = 'auth' | 'forbidden' | 'normal' | 'unknown'

/** What to do after a close. `ask`: the reason is hidden, ask for a token over HTTP, then wait `delayMs`. */
export type ReconnectDecision =
  | { readonly action: 'retry'; readonly delayMs: number }
  | { readonly action: 'new-token' }
  | { readonly action: 'ask'; readonly delayMs: number }
  | { readonly action: 'stop'; readonly outcome: StopOutcome }

/** Bounds of the backoff in milliseconds, as the server's `welcome` says. */
export type RetryBounds = { readonly minMs: number; readonly maxMs: number }

export type ClosedSocket = {
  readonly code: number
  /** True when the server had said `welcome` on this socket. */
  readonly wasOpen: boolean
  /** Failures since the last stable connection. */
  readonly attempt: number
  /** True when one auth close has already been answered with another try. */
  readonly secondChanceUsed: boolean
  readonly retry: RetryBounds
  readonly retryAfterMs?: number | undefined
  /** True when the advice said that an operator ended it and that it may come back. */
  readonly byOperator?: boolean
  /** A number from 0 up to 1. */
  readonly random: number
}

/** Bounds in force until a `welcome` brings the server's. */
export const defaultRetry: RetryBounds = { minMs: 500, maxMs: 30_000 }

/** How long a server that says it is in trouble is left alone at least. */
export const troubleFloorMs = 5_000

/** An unlisted code is retried this often, then a person is told. */
export const maxUnlistedAttempts = 5

const inTrouble: ReadonlySet<number> = new Set([
  closeCodes.tryAgainLater.code,
  closeCodes.internal.code,
  closeCodes.unavailable.code,
  closeCodes.authUnavailable.code,
])

/** Decides from one close; never retries an auth close with the same token. */
export function decideReconnect(closed: ClosedSocket): ReconnectDecision {
  const entry = closeCodeOf(closed.code)
  switch (entry.reconnect) {
    case 'never':
      // Not at once: whoever was shown out should have the time to read why.
      if (closed.byOperator) {
        return { action: 'retry', delayMs: backoffDelayMs(closed, troubleFloorMs) }
      }
      return { action: 'stop', outcome: outcomeOf(entry) }
    case 'with-new-token':
      return closed.secondChanceUsed ? { action: 'stop', outcome: 'auth' } : { action: 'new-token' }
    case 'ask-first':
      return decideHidden(entry, closed)
    case 'with-backoff': {
      const gaveUp = entry.category === 'unknown' && closed.attempt >= maxUnlistedAttempts
      if (gaveUp) return { action: 'stop', outcome: 'unknown' }
      const floorMs = inTrouble.has(entry.code) ? troubleFloorMs : 0
      return { action: 'retry', delayMs: backoffDelayMs(closed, floorMs) }
    }
  }
}

/**
 * Exponential backoff with full jitter between the bounds, in milliseconds; never earlier than
 * `retryAfterMs` or `floorMs`, to which jitter is added so that a herd does not return as one.
 */
export function backoffDelayMs(
  wait: Pick<ClosedSocket, 'attempt' | 'retry' | 'retryAfterMs' | 'random'>,
  floorMs = 0,
): number {
  const { minMs, maxMs } = soundBounds(wait.retry)
  const ceilingMs = Math.min(maxMs, minMs * 2 ** (wait.attempt + 1))
  const jitterMs = wait.random * (ceilingMs - minMs)
  const askedMs = Number.isFinite(wait.retryAfterMs) ? (wait.retryAfterMs ?? 0) : 0
  return Math.min(Math.max(minMs, floorMs, askedMs) + jitterMs, maxTimerMs)
}

/** 1005 and 1006 on a socket that lived are a lost network; before that they hide a refusal, as 1008 always does. */
function decideHidden(entry: CloseCode, closed: ClosedSocket): ReconnectDecision {
  const delayMs = backoffDelayMs(closed)
  if (entry.category !== 'auth') {
    return closed.wasOpen ? { action: 'retry', delayMs } : { action: 'ask', delayMs }
  }
  if (closed.secondChanceUsed) return { action: 'stop', outcome: 'auth' }
  return { action: 'ask', delayMs }
}

function outcomeOf(entry: CloseCode): StopOutcome {
  if (entry.code === closeCodes.normal.code) return 'normal'
  if (entry.code === closeCodes.forbidden.code) return 'forbidden'
  return entry.category === 'auth' ? 'auth' : 'unknown'
}

/** Bounds come over the wire: whatever is no sensible pair of numbers must not become a hot loop. */
function soundBounds({ minMs, maxMs }: RetryBounds): RetryBounds {
  const sound = Number.isFinite(minMs) && Number.isFinite(maxMs) && minMs >= 100 && maxMs >= minMs
  return sound ? { minMs, maxMs } : defaultRetry
}
