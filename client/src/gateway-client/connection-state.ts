// The life of a connection as data: every state, every event, and `next`. No timer, no socket, no token in here:
// states are shown to people and written to logs.

import type { CloseCategory } from '@sallyport/contracts/close-codes'
import type { ReconnectDecision, StopOutcome } from './reconnect-policy.ts'

/**
 * Why a token is asked for; `expired` and `refused` want one that was not used before or is known to be good,
 * `refresh` one that lasts longer than the one in use, while its connection is open.
 */
export type TokenReason = 'connect' | 'reconnect' | 'expired' | 'refused' | 'refresh'

/** Why a connection that is not open asks. */
type WaitingReason = Exclude<TokenReason, 'refresh'>

/** How it went since the last stable connection. */
type Progress = { readonly attempt: number; readonly secondChanceUsed: boolean }

export type ConnectionState =
  | { readonly phase: 'idle' }
  | (Progress & {
      readonly phase: 'waiting-for-token'
      readonly reason: WaitingReason
      /** How long to wait once the token is there, in milliseconds. */
      readonly delayMs: number
      /** True when there is none yet: nothing happens until `connect()` is called again. */
      readonly parked: boolean
    })
  | (Progress & { readonly phase: 'connecting' })
  | (Progress & { readonly phase: 'open'; readonly connectionId: string })
  | (Progress & {
      readonly phase: 'backing-off'
      readonly delayMs: number
      /** What went wrong; `code` is absent when no socket was involved. */
      readonly category: CloseCategory
      readonly code?: number
      /** An operator ended the connection. */
      readonly byOperator?: true
    })
  | { readonly phase: 'ended'; readonly outcome: StopOutcome; readonly code?: number }

export type ConnectionEvent =
  | { readonly type: 'connect-requested' }
  | { readonly type: 'disconnect-requested' }
  | { readonly type: 'token-ready' }
  | { readonly type: 'token-missing' }
  | { readonly type: 'token-denied' }
  | { readonly type: 'token-failed'; readonly delayMs: number }
  | { readonly type: 'welcomed'; readonly connectionId: string }
  /** The connection has been open long enough for earlier failures to be forgotten. */
  | { readonly type: 'settled' }
  | {
      readonly type: 'socket-closed'
      readonly code: number
      readonly category: CloseCategory
      readonly decision: ReconnectDecision
      readonly byOperator?: boolean
    }
  | { readonly type: 'delay-elapsed' }

/** Where every client starts. */
export const initialState: ConnectionState = { phase: 'idle' }

/** The progress of a connection that has not failed. */
export const freshProgress: Progress = { attempt: 0, secondChanceUsed: false }

/** The state after an event; the very same object when the event means nothing in this state. */
export function next(state: ConnectionState, event: ConnectionEvent): ConnectionState {
  if (event.type === 'disconnect-requested') return state.phase === 'idle' ? state : initialState
  switch (state.phase) {
    case 'idle':
    case 'ended':
      return event.type === 'connect-requested' ? askForToken(freshProgress, 'connect') : state
    case 'waiting-for-token':
      return state.parked ? nextWhileParked(state, event) : nextWhileWaiting(state, event)
    case 'connecting':
      if (event.type === 'welcomed') {
        return { phase: 'open', ...progressOf(state), connectionId: event.connectionId }
      }
      return event.type === 'socket-closed' ? afterClose(state, event) : state
    case 'open':
      if (event.type === 'settled') return settle(state)
      return event.type === 'socket-closed' ? afterClose(state, event) : state
    case 'backing-off': {
      const goesOn = event.type === 'delay-elapsed' || event.type === 'connect-requested'
      return goesOn ? askForToken(state, 'reconnect') : state
    }
  }
}

/** The progress inside a state; fresh for states that have none. */
export function progressOf(state: ConnectionState): Progress {
  if (!('attempt' in state)) return freshProgress
  return { attempt: state.attempt, secondChanceUsed: state.secondChanceUsed }
}

type Waiting = Extract<ConnectionState, { phase: 'waiting-for-token' }>
type Open = Extract<ConnectionState, { phase: 'open' }>
type Closed = Extract<ConnectionEvent, { type: 'socket-closed' }>

function nextWhileWaiting(state: Waiting, event: ConnectionEvent): ConnectionState {
  switch (event.type) {
    case 'token-ready':
      return state.delayMs > 0
        ? {
            phase: 'backing-off',
            ...progressOf(state),
            delayMs: state.delayMs,
            category: 'connection',
          }
        : { phase: 'connecting', ...progressOf(state) }
    case 'token-missing':
      return { ...state, parked: true }
    case 'token-denied':
      return { phase: 'ended', outcome: 'auth' }
    case 'token-failed':
      return {
        phase: 'backing-off',
        ...failedOnce(state),
        delayMs: event.delayMs,
        category: 'server',
      }
    case 'connect-requested':
    case 'disconnect-requested':
    case 'welcomed':
    case 'settled':
    case 'socket-closed':
    case 'delay-elapsed':
      return state
  }
}

function nextWhileParked(state: Waiting, event: ConnectionEvent): ConnectionState {
  return event.type === 'connect-requested' ? { ...state, parked: false } : state
}

function afterClose(state: ConnectionState, event: Closed): ConnectionState {
  const { decision, code, category } = event
  switch (decision.action) {
    case 'retry':
      return {
        phase: 'backing-off',
        ...failedOnce(state),
        delayMs: decision.delayMs,
        category,
        code,
        ...(event.byOperator && { byOperator: true }),
      }
    case 'new-token':
      return askForToken({ ...failedOnce(state), secondChanceUsed: true }, 'expired')
    case 'ask': {
      const { secondChanceUsed } = progressOf(state)
      const asked = {
        ...failedOnce(state),
        secondChanceUsed: secondChanceUsed || category === 'auth',
      }
      return askForToken(asked, 'refused', decision.delayMs)
    }
    case 'stop':
      return { phase: 'ended', outcome: decision.outcome, code }
  }
}

function askForToken(progress: Progress, reason: WaitingReason, delayMs = 0): ConnectionState {
  const { attempt, secondChanceUsed } = progress
  return { phase: 'waiting-for-token', attempt, secondChanceUsed, reason, delayMs, parked: false }
}

function failedOnce(state: ConnectionState): Progress {
  const { attempt, secondChanceUsed } = progressOf(state)
  return { attempt: attempt + 1, secondChanceUsed }
}

function settle(state: Open): ConnectionState {
  const isFresh = state.attempt === 0 && !state.secondChanceUsed
  return isFresh ? state : { ...state, ...freshProgress }
}
