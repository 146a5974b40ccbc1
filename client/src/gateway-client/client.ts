// The gateway client as its users see it: what it takes, what it can do, and who is told. What it does on the way
// lives in connection.ts.

import type { ClientMessage } from '@sallyport/contracts/messages/client-message'
import type { ServerMessage } from '@sallyport/contracts/messages/server-message'
import { openBrowserSocket } from './browser-socket.ts'
import { createConnection } from './connection.ts'
import type { ConnectionState } from './connection-state.ts'
import type { CreateSocket } from './lifeline.ts'
import { type SetTimer, setPlatformTimer } from './timer.ts'
import type { GetToken } from './token-source.ts'

export type GatewayClientOptions = {
  /** `ws:` or `wss:` address; never holds a credential. */
  readonly url: string
  readonly getToken: GetToken
  readonly createSocket?: CreateSocket
  readonly setTimer?: SetTimer
  /** Milliseconds of the wall clock. */
  readonly now?: () => number
  /** Answers a number from 0 up to 1. */
  readonly random?: () => number
}

/** What a page says; the client renews its authority by itself. */
export type PageMessage = Exclude<ClientMessage, { readonly type: 'auth.refresh' }>

export type GatewayClient = {
  /** Connects, or goes on at once when waiting. Without a token it waits; it never opens a socket without one. */
  readonly connect: () => void
  /** Ends the connection on purpose and forgets what was queued and every channel. */
  readonly disconnect: () => void
  /** True when the message was sent or queued; false when the queue is full or nothing is under way. */
  readonly send: (message: PageMessage) => boolean
  /**
   * Is in a channel, over all reconnects, until the returned function is called, `disconnect()`, or the end
   * of the session.
   */
  readonly join: (channel: string) => () => void
  readonly getState: () => ConnectionState
  /** Calls back after every change of state until the returned function is called. */
  readonly subscribe: (listener: () => void) => () => void
  /** Call it when the page is looked at again or the network is back: a refresh whose timer slept is made up for. */
  readonly wake: () => void
  /**
   * Calls back with what concerns the page: not with `welcome`, `hb`, `disconnect` and the answers to a refresh. Of
   * news about the authority it hears `auth.ok` with lost channels and `auth.expiring` that no new token helps.
   */
  readonly onMessage: (listener: (message: ServerMessage) => void) => () => void
  /** Disconnects for good and drops all listeners. */
  readonly close: () => Promise<void>
}

/** Creates a client; nothing happens before `connect()`. */
export function createGatewayClient(options: GatewayClientOptions): GatewayClient {
  const { url, getToken, createSocket = openBrowserSocket } = options
  const { setTimer = setPlatformTimer, now = Date.now, random = Math.random } = options
  const stateListeners = new Set<() => void>()
  const messageListeners = new Set<(message: ServerMessage) => void>()
  const { dispatch, getState, outgoing, wake } = createConnection({
    url,
    getToken,
    createSocket,
    setTimer,
    now,
    random,
    onChange: () => stateListeners.forEach((listener) => listener()),
    onMessage: (message) => messageListeners.forEach((listener) => listener(message)),
  })
  let closed = false
  const disconnect = () => {
    outgoing.forget('everything')
    dispatch({ type: 'disconnect-requested' })
  }
  return {
    connect: () => {
      if (!closed) dispatch({ type: 'connect-requested' })
    },
    disconnect,
    wake,
    send: outgoing.send,
    join: outgoing.join,
    getState,
    subscribe: (listener) => addListener(stateListeners, listener),
    onMessage: (listener) => addListener(messageListeners, listener),
    async close() {
      closed = true
      disconnect()
      stateListeners.clear()
      messageListeners.clear()
    },
  }
}

function addListener<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
