// When an open connection asks for a new token, as data: every state, every event, and `nextRefresh`. No timer, no
// token in here. Whatever becomes of it, the connection goes on until its authority ends; then the close decides.

/** What of the refreshing is under way on one connection; moments are milliseconds of the caller's clock. */
export type RefreshState =
  /** No connection, or none that a new token would help. */
  | { readonly phase: 'off' }
  | (Life & { readonly phase: 'planned'; readonly dueAtMs: number; readonly failures: number })
  | (Life & { readonly phase: 'asking-token'; readonly failures: number })
  | (Life & { readonly phase: 'sent'; readonly failures: number })
  /** Nothing is planned, and nothing was gained: only news from the server or the page are worth another try. */
  | (Life & { readonly phase: 'resting'; readonly notBeforeMs: number })

/** When the authority under the connection ends, as far as is known. */
type Life = { readonly endsAtMs: number }

/** What the server said about an authority, when it arrived, and a number from 0 up to 1. */
export type Lifetime = {
  readonly nowMs: number
  readonly ttlMs: number
  readonly refreshAfterMs: number
  readonly random: number
}

export type RefreshEvent =
  | (Lifetime & { readonly type: 'welcomed' })
  /** `isAnswer` when it answers what was sent last. */
  | (Lifetime & { readonly type: 'renewed'; readonly isAnswer: boolean })
  | { readonly type: 'due' }
  /** The page is looked at again, or the network is back. */
  | { readonly type: 'woken'; readonly nowMs: number }
  | { readonly type: 'expiring'; readonly isHelpful: boolean }
  | { readonly type: 'token-ready' }
  /** The source has no other token than the one in use. */
  | { readonly type: 'token-same'; readonly nowMs: number }
  /** The source knows of no login any more. */
  | { readonly type: 'token-denied' }
  | { readonly type: 'failed'; readonly nowMs: number; readonly delayMs: number }
  | { readonly type: 'ended' }

/** Refreshes of one connection are at least this far apart: the server takes ten a minute. */
export const minRefreshIntervalMs = 7_000

/** An answer that moves the end by less than this has gained nothing: a session's own end bounds it. */
export const minGainMs = 5_000

const off: RefreshState = { phase: 'off' }

/** Where every connection starts and ends. */
export const initialRefresh: RefreshState = off

/** The state after an event; the very same object when the event means nothing in this state. */
export function nextRefresh(state: RefreshState, event: RefreshEvent): RefreshState {
  if (event.type === 'welcomed') return plan(event)
  if (event.type === 'ended' || (event.type === 'expiring' && !event.isHelpful)) {
    return state.phase === 'off' ? state : off
  }
  switch (state.phase) {
    case 'off':
      return event.type === 'renewed' ? plan(event) : state
    case 'planned':
      if (event.type === 'renewed') return plan(event)
      return isDue(state.dueAtMs, event) ? ask(state, state.failures) : state
    case 'asking-token':
      return nextWhileAsking(state, event)
    case 'sent':
      if (event.type === 'failed') return afterFailure(state, event)
      return event.type === 'renewed' && event.isAnswer ? afterAnswer(state, event) : state
    case 'resting':
      if (event.type === 'renewed') return plan(event)
      return isDue(state.notBeforeMs, event) ? ask(state, 0) : state
  }
}

type Asking = Extract<RefreshState, { phase: 'asking-token' }>
type Failing = Extract<RefreshState, { phase: 'asking-token' | 'sent' }>

function nextWhileAsking(state: Asking, event: RefreshEvent): RefreshState {
  switch (event.type) {
    case 'token-ready':
      return { ...state, phase: 'sent' }
    case 'token-same':
      return rest(state, event.nowMs)
    case 'token-denied':
      return off
    case 'failed':
      return afterFailure(state, event)
    case 'welcomed':
    case 'renewed':
    case 'due':
    case 'woken':
    case 'expiring':
    case 'ended':
      return state
  }
}

/** Numbers come over the wire: what is no lifetime plans nothing, and no number makes a hot loop. */
function plan({ nowMs, ttlMs, refreshAfterMs, random }: Lifetime): RefreshState {
  const isSound = Number.isFinite(ttlMs) && Number.isFinite(refreshAfterMs)
  if (!isSound || ttlMs <= minRefreshIntervalMs) return off
  // Jittered by a tenth either way, so that pages that were opened together do not ask together.
  const wantedMs = Math.min(refreshAfterMs, ttlMs) * (0.9 + 0.2 * random)
  const delayMs = Math.max(minRefreshIntervalMs, wantedMs)
  const endsAtMs = nowMs + ttlMs
  return { phase: 'planned', endsAtMs, dueAtMs: nowMs + delayMs, failures: 0 }
}

/** A timer decides at once, and so does the server's word; the page's only when the moment has come. */
function isDue(momentMs: number, event: RefreshEvent): boolean {
  if (event.type === 'woken') return event.nowMs >= momentMs
  return event.type === 'due' || event.type === 'expiring'
}

function ask({ endsAtMs }: Life, failures: number): RefreshState {
  return { phase: 'asking-token', endsAtMs, failures }
}

function rest({ endsAtMs }: Life, nowMs: number): RefreshState {
  return { phase: 'resting', endsAtMs, notBeforeMs: nowMs + minRefreshIntervalMs }
}

/** Once more while there is life left; then the end of the authority is left to itself. */
function afterFailure(
  state: Failing,
  { nowMs, delayMs }: { readonly nowMs: number; readonly delayMs: number },
): RefreshState {
  const { endsAtMs, failures } = state
  const dueAtMs = nowMs + delayMs
  const mayRetry = failures === 0 && dueAtMs < endsAtMs
  return mayRetry
    ? { phase: 'planned', endsAtMs, dueAtMs, failures: failures + 1 }
    : rest(state, nowMs)
}

/** Asking again when nothing was gained would only come faster and faster towards the end. */
function afterAnswer({ endsAtMs }: Life, event: Lifetime): RefreshState {
  const isGain = event.nowMs + event.ttlMs - endsAtMs >= minGainMs
  return isGain ? plan(event) : off
}
