// The connection's effects: on each state it enters, exactly what that state stands for, and nothing else.
// Decisions live in connection-state.ts and reconnect-policy.ts; the socket lives in lifeline.ts.

import { closeCodeOf } from '@sallyport/contracts/close-codes'
import type { ServerMessage, Welcome } from '@sallyport/contracts/messages/server-message'
import {
  type ConnectionEvent,
  type ConnectionState,
  initialState,
  next,
  progressOf,
} from './connection-state.ts'
import { type CreateSocket, type Lifeline, openLifeline, type SocketEnd } from './lifeline.ts'
import { createOutgoing } from './outgoing.ts'
import { createPresentedToken } from './presented-token.ts'
import { decideReconnect, defaultRetry } from './reconnect-policy.ts'
import { createRefresh } from './refresh.ts'
import { clampDelayMs, type SetTimer } from './timer.ts'
import type { GetToken } from './token-source.ts'

type ConnectionDeps = {
  readonly url: string
  readonly getToken: GetToken
  readonly createSocket: CreateSocket
  readonly setTimer: SetTimer
  /** Milliseconds of the wall clock. */
  readonly now: () => number
  readonly random: () => number
  readonly onChange: () => void
  readonly onMessage: (message: ServerMessage) => void
}

/** After this long on one connection its earlier failures are forgotten. */
const stableAfterMs = 5_000

/** Creates a connection that is idle. */
export function createConnection(deps: ConnectionDeps) {
  const { url, createSocket, setTimer, now, random } = deps
  const token = createPresentedToken(deps)
  let state = initialState
  let retry = defaultRetry
  let lifeline: Lifeline | undefined
  let leavePhase = nothing
  const sendText = (text: string) => lifeline?.send(text)
  const outgoing = createOutgoing({ phase: () => state.phase, sendText, setTimer })
  const refresh = createRefresh({ token, sendText, setTimer, now, random, retry: () => retry })

  function dispatch(event: ConnectionEvent): void {
    const following = next(state, event)
    if (following === state) return
    state = following
    leavePhase()
    leavePhase = enter(following)
    deps.onChange()
  }

  /** Does what a state stands for and answers how to stop doing it. */
  function enter(entered: ConnectionState): () => void {
    if (entered.phase !== 'connecting' && entered.phase !== 'open') {
      outgoing.pause()
      refresh.end()
      lifeline?.abandon()
    }
    switch (entered.phase) {
      case 'waiting-for-token':
        return entered.parked ? nothing : token.ask(entered, retry, dispatch)
      case 'connecting':
        lifeline = openLifeline({ ...socketDeps, token: token.current() })
        return nothing
      case 'open':
        return setTimer(() => dispatch({ type: 'settled' }), stableAfterMs)
      case 'backing-off':
        return setTimer(() => dispatch({ type: 'delay-elapsed' }), clampDelayMs(entered.delayMs))
      case 'ended':
        outgoing.forget(entered.outcome === 'auth' ? 'everything' : 'queue')
        return nothing
      case 'idle':
        return nothing
    }
  }

  function onWelcome(welcome: Welcome): void {
    retry = welcome.retry
    outgoing.begin(welcome.limits.messagesPerSecond)
    refresh.begin(welcome)
    dispatch({ type: 'welcomed', connectionId: welcome.connectionId })
  }

  function onEnd(end: SocketEnd): void {
    const decision = decideReconnect({ ...end, ...progressOf(state), retry, random: random() })
    const { category } = closeCodeOf(end.code)
    if (category === 'auth') token.spend()
    const { code, byOperator } = end
    dispatch({ type: 'socket-closed', code, category, decision, byOperator })
  }

  function onMessage(message: ServerMessage): void {
    if (!refresh.hear(message)) deps.onMessage(message)
  }

  const socketDeps = { url, createSocket, setTimer, onWelcome, onMessage, onEnd }
  return { dispatch, getState: () => state, outgoing, wake: refresh.wake }
}

function nothing(): void {}
