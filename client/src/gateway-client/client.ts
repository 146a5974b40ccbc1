// The connection's effects: on each state it enters, exactly what that state stands for, and nothing else.
// Decisions live in connection-state.ts and reconnect-policy.ts; the socket lives in lifeline.ts.

import { closeCodeOf } from '@sallyport/contracts/close-codes'
import type { ClientMessage } from '@sallyport/contracts/messages/client-message'
import type { ServerMessage, Welcome } from '@sallyport/contracts/messages/server-message'
import { openBrowserSocket } from './browser-socket.ts'
import {
  type ConnectionEvent,
  type ConnectionState,
  initialState,
  next,
  progressOf,
} from './connection-state.ts'
import { type CreateSocket, type Lifeline, openLifeline, type SocketEnd } from './lifeline.ts'
import { createOutgoing } from './outgoing.ts'
import { decideReconnect, defaultRetry } from './reconnect-policy.ts'
import { requestToken, type TokenAnswer } from './request-token.ts'
import { clampDelayMs, type SetTimer, setPlatformTimer } from './timer.ts'
import type { GetToken } from './token-source.ts'

export type GatewayClientOptions = {
  /** `ws:` or `wss:` address; never holds a credential. */
  readonly url: string
  readonly getToken: GetToken
  readonly createSocket?: CreateSocket
  readonly setTimer?: SetTimer
  /** Answers a number from 0 up to 1. */
  readonly random?: () => number
}

export type GatewayClient = {
  /** Connects, or goes on at once when waiting. Without a token it waits; it never opens a socket without one. */
  readonly connect: () => void
  /** Ends the connection on purpose and forgets what was queued. */
  readonly disconnect: () => void
  /** True when the message was sent or queued; false when the queue is full or nothing is under way. */
  readonly send: (message: ClientMessage) => boolean
  /** Is in a channel, over all reconnects, until the returned function is called. */
  readonly join: (channel: string) => () => void
  readonly getState: () => ConnectionState
  /** Calls back after every change of state until the returned function is called. */
  readonly subscribe: (listener: () => void) => () => void
  /** Calls back with every message but `welcome`, `hb` and `disconnect`. */
  readonly onMessage: (listener: (message: ServerMessage) => void) => () => void
  /** Disconnects for good and drops all listeners. */
  readonly close: () => Promise<void>
}

/** After this long on one connection its earlier failures are forgotten. */
export const stableAfterMs = 5_000

/** Creates a client; nothing happens before `connect()`. */
export function createGatewayClient(options: GatewayClientOptions): GatewayClient {
  const connection = createConnection(options)
  const { dispatch, getState, outgoing, stateListeners, messageListeners } = connection
  let closed = false
  return {
    connect: () => {
      if (!closed) dispatch({ type: 'connect-requested' })
    },
    disconnect: () => dispatch({ type: 'disconnect-requested' }),
    send: outgoing.send,
    join: outgoing.join,
    getState,
    subscribe: (listener) => addListener(stateListeners, listener),
    onMessage: (listener) => addListener(messageListeners, listener),
    async close() {
      closed = true
      dispatch({ type: 'disconnect-requested' })
      stateListeners.clear()
      messageListeners.clear()
    },
  }
}

function createConnection(options: GatewayClientOptions) {
  const { url, getToken, createSocket = openBrowserSocket } = options
  const { setTimer = setPlatformTimer, random = Math.random } = options
  const stateListeners = new Set<() => void>()
  const messageListeners = new Set<(message: ServerMessage) => void>()
  let state = initialState
  let retry = defaultRetry
  let token = ''
  let spentToken: string | undefined
  let lifeline: Lifeline | undefined
  let leavePhase = nothing
  const outgoing = createOutgoing({
    phase: () => state.phase,
    sendText: (text) => lifeline?.send(text),
  })

  function dispatch(event: ConnectionEvent): void {
    const following = next(state, event)
    if (following === state) return
    state = following
    leavePhase()
    leavePhase = enter(following)
    for (const listener of stateListeners) listener()
  }

  /** Does what a state stands for and answers how to stop doing it. */
  function enter(entered: ConnectionState): () => void {
    if (entered.phase !== 'connecting' && entered.phase !== 'open') lifeline?.abandon()
    switch (entered.phase) {
      case 'waiting-for-token':
        return entered.parked ? nothing : askForToken(entered)
      case 'connecting':
        lifeline = openLifeline({ url, token, createSocket, setTimer, onWelcome, onMessage, onEnd })
        return nothing
      case 'open':
        return setTimer(() => dispatch({ type: 'settled' }), stableAfterMs)
      case 'backing-off':
        return setTimer(() => dispatch({ type: 'delay-elapsed' }), clampDelayMs(entered.delayMs))
      case 'idle':
      case 'ended':
        outgoing.forget()
        return nothing
    }
  }

  function askForToken({ reason, attempt }: WaitingForToken): () => void {
    const question = new AbortController()
    const { signal } = question
    const take = async () => {
      const answer = await requestToken({
        getToken,
        reason,
        signal,
        spentToken,
        attempt,
        retry,
        random,
      })
      if (signal.aborted) return
      if (answer.kind === 'ready') token = answer.token
      dispatch(eventOf(answer))
    }
    void take()
    return () => question.abort()
  }

  function onWelcome(welcome: Welcome): void {
    retry = welcome.retry
    outgoing.flush()
    dispatch({ type: 'welcomed', connectionId: welcome.connectionId })
  }

  function onMessage(message: ServerMessage): void {
    for (const listener of messageListeners) listener(message)
  }

  function onEnd(end: SocketEnd): void {
    const decision = decideReconnect({ ...end, ...progressOf(state), retry, random: random() })
    const { category } = closeCodeOf(end.code)
    if (category === 'auth') spentToken = token
    dispatch({ type: 'socket-closed', code: end.code, category, decision })
  }

  return { dispatch, getState: () => state, outgoing, stateListeners, messageListeners }
}

type WaitingForToken = Extract<ConnectionState, { phase: 'waiting-for-token' }>

function nothing(): void {}

function eventOf(answer: TokenAnswer): ConnectionEvent {
  return answer.kind === 'failed'
    ? { type: 'token-failed', delayMs: answer.delayMs }
    : { type: `token-${answer.kind}` }
}

function addListener<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
