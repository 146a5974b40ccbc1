// Keeps an open connection's authority going: timers, the question for a token, `auth.refresh` and what comes back.
// Decisions live in refresh-state.ts. Must not end a connection; it never knows whether that would be right.

import type { ClientMessage } from '@sallyport/contracts/messages/client-message'
import type { ServerMessage, Welcome } from '@sallyport/contracts/messages/server-message'
import { encodeClientMessage } from './outbox.ts'
import type { PresentedToken } from './presented-token.ts'
import { backoffDelayMs, type RetryBounds, troubleFloorMs } from './reconnect-policy.ts'
import {
  initialRefresh,
  nextRefresh,
  type RefreshEvent,
  type RefreshState,
} from './refresh-state.ts'
import { clampDelayMs, maxTimerMs, type SetTimer } from './timer.ts'

type RefreshDeps = {
  readonly token: PresentedToken
  readonly sendText: (text: string) => void
  readonly setTimer: SetTimer
  /** Milliseconds of the wall clock. */
  readonly now: () => number
  readonly random: () => number
  readonly retry: () => RetryBounds
}

type Refresh = {
  /** A connection is open. */
  readonly begin: (welcome: Welcome) => void
  /** It is over, or nobody wants it any more. */
  readonly end: () => void
  /** The page is looked at again, or the network is back: timers may have slept. */
  readonly wake: () => void
  /** Takes what the server says; true when it is nothing for the page. */
  readonly hear: (message: ServerMessage) => boolean
}

/** How long `auth.refresh` may stay unanswered. */
export const refreshAnswerTimeoutMs = 10_000

/** The ids of our `auth.refresh`, which no message of a page should have. */
const idPrefix = 'sallyport.refresh.'

/** Creates what refreshes one connection after the other; nothing happens before `begin`. */
export function createRefresh(deps: RefreshDeps): Refresh {
  const { token, now, random } = deps
  const { dispatch, fail, lastId } = createSteps(deps)
  const lifetime = ({ ttlMs, refreshAfterMs }: Pick<Welcome, 'ttlMs' | 'refreshAfterMs'>) => {
    return { nowMs: now(), ttlMs, refreshAfterMs, random: random() }
  }
  return {
    begin: (welcome) => dispatch({ type: 'welcomed', ...lifetime(welcome) }),
    end: () => dispatch({ type: 'ended' }),
    wake: () => dispatch({ type: 'woken', nowMs: now() }),
    hear(message) {
      switch (message.type) {
        case 'auth.ok': {
          const isAnswer = message.id === lastId()
          if (isAnswer) token.adopt()
          dispatch({ type: 'renewed', isAnswer, ...lifetime(message.data) })
          // A page need not know that all goes on; it must know which channels it is not in any more.
          return message.data.lost.length === 0
        }
        case 'auth.expiring': {
          const isHelpful = message.data.reason === 'expiry'
          dispatch({ type: 'expiring', isHelpful })
          // An end that a new token stops is ours to stop; of any other a page may want to save something.
          return isHelpful
        }
        case 'error':
          if (!message.id?.startsWith(idPrefix)) return false
          if (message.id === lastId()) fail()
          return true
        case 'welcome':
        case 'subscribed':
        case 'ack':
        case 'event':
        case 'hb':
        case 'disconnect':
          return false
      }
    },
  }
}

/** Goes from state to state, and does on each what it stands for. */
function createSteps(deps: RefreshDeps) {
  const { token, setTimer, now, random } = deps
  let state = initialRefresh
  let leavePhase = nothing
  let sent = 0
  const lastId = () => `${idPrefix}${sent}`

  function dispatch(event: RefreshEvent): void {
    const following = nextRefresh(state, event)
    if (following === state) return
    state = following
    leavePhase()
    leavePhase = enter(following)
  }

  /** Does what a state stands for and answers how to stop doing it. */
  function enter(entered: RefreshState): () => void {
    switch (entered.phase) {
      case 'planned':
        return waitUntil(deps, entered.dueAtMs, () => dispatch({ type: 'due' }))
      case 'asking-token':
        return token.askAnother(deps.retry(), (answer) => {
          if (answer.kind === 'failed') fail(answer.delayMs)
          else dispatch({ type: `token-${answer.kind}`, nowMs: now() })
        })
      case 'sent':
        sent += 1
        deps.sendText(refreshMessage(lastId(), token.candidate()))
        return setTimer(fail, refreshAnswerTimeoutMs)
      case 'resting':
      case 'off':
        return nothing
    }
  }

  function fail(toldDelayMs = 0): void {
    const wait = { attempt: 0, retry: deps.retry(), random: random() }
    const delayMs = Math.max(toldDelayMs, backoffDelayMs(wait, troubleFloorMs))
    dispatch({ type: 'failed', nowMs: now(), delayMs })
  }

  return { dispatch, fail, lastId }
}

/** A moment can be further away than a timer reaches. */
function waitUntil(deps: RefreshDeps, untilMs: number, callback: () => void): () => void {
  const leftMs = untilMs - deps.now()
  if (leftMs <= maxTimerMs) return deps.setTimer(callback, clampDelayMs(leftMs))
  let cancel = deps.setTimer(() => {
    cancel = waitUntil(deps, untilMs, callback)
  }, maxTimerMs)
  return () => cancel()
}

function refreshMessage(id: string, token: string): string {
  const message: ClientMessage = { type: 'auth.refresh', id, token }
  return encodeClientMessage(message)
}

function nothing(): void {}
