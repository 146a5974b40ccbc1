// One socket from its first byte to its last: opens it with the token, guards its silence, and reports its end
// exactly once. Must not know whether anybody comes back afterwards.

import { closeCodes } from '@sallyport/contracts/close-codes'
import {
  type Disconnect,
  parseServerMessage,
  type ServerMessage,
  type Welcome,
} from '@sallyport/contracts/messages/server-message'
import { bearerEntryPrefix, protocolName } from '@sallyport/contracts/subprotocol'
import type { SetTimer } from './timer.ts'

export type SocketHandlers = {
  readonly onMessage: (data: unknown) => void
  readonly onClose: (code: number) => void
}

/** What is needed of a WebSocket. */
export type GatewaySocket = { send: (text: string) => void; close: () => void }

/** Opens a socket; may throw. Handlers are never called before it has returned. */
export type CreateSocket = (
  url: string,
  protocols: readonly string[],
  handlers: SocketHandlers,
) => GatewaySocket

/** How a socket ended; `code` is the advice's when the server gave one before a proxy lost the frame. */
export type SocketEnd = {
  readonly code: number
  readonly wasOpen: boolean
  readonly retryAfterMs?: number | undefined
  /** An operator ended it, and it may come back. */
  readonly byOperator: boolean
}

type LifelineDeps = {
  readonly url: string
  readonly token: string
  readonly createSocket: CreateSocket
  readonly setTimer: SetTimer
  readonly onWelcome: (welcome: Welcome) => void
  readonly onMessage: (message: ServerMessage) => void
  readonly onEnd: (end: SocketEnd) => void
}

export type Lifeline = {
  send: (text: string) => void
  /** Closes without a report: for an end that was asked for. */
  abandon: () => void
}

/** How long an upgrade and the `welcome` after it may take. */
export const welcomeTimeoutMs = 15_000

/** How much longer than the server's interval a silence may last. */
export const heartbeatGraceMs = 10_000

/** How long the close frame may take after the advice that announces it. */
export const adviceGraceMs = 2_000

/** What tells an operator's 4409 from that of a connection that was replaced, which may never come back. */
const endedByOperator = 'ended-by-operator'

function noTimer(): void {}

/** Opens a socket with `[sallyport.v1, bearer.<token>]` and watches it. */
export function openLifeline(deps: LifelineDeps): Lifeline {
  const lost = closeCodes.lost.code
  let over = false
  let advice: Disconnect | undefined
  let silenceLimitMs: number | undefined
  let cancelTimer = noTimer

  const finish = (code: number) => {
    if (over) return
    over = true
    cancelTimer()
    const wasOpen = silenceLimitMs !== undefined
    deps.onEnd({
      code: advice?.code ?? code,
      wasOpen,
      retryAfterMs: advice?.retryAfterMs,
      byOperator: isByOperator(advice),
    })
  }
  const giveUpAfter = (delayMs: number) => {
    cancelTimer()
    cancelTimer = deps.setTimer(() => {
      socket?.close()
      finish(lost)
    }, delayMs)
  }
  const receive = (data: unknown) => {
    if (over || advice || typeof data !== 'string') return
    const parsed = parseServerMessage(data)
    const message = parsed.ok ? parsed.value : undefined
    if (message?.type === 'disconnect') {
      advice = message.data
      return giveUpAfter(adviceGraceMs)
    }
    if (silenceLimitMs === undefined) {
      if (message?.type !== 'welcome') return
      silenceLimitMs = message.data.heartbeatMs + heartbeatGraceMs
      giveUpAfter(silenceLimitMs)
      return deps.onWelcome(message.data)
    }
    giveUpAfter(silenceLimitMs)
    if (message && message.type !== 'hb') deps.onMessage(message)
  }

  giveUpAfter(welcomeTimeoutMs)
  const protocols = [protocolName, `${bearerEntryPrefix}${deps.token}`]
  const socket = tryOpen(deps, protocols, { onMessage: receive, onClose: finish })
  if (!socket) giveUpAfter(0)

  return {
    send: (text) => {
      if (!over) socket?.send(text)
    },
    abandon() {
      if (over) return
      over = true
      cancelTimer()
      socket?.close()
    },
  }
}

/** The advice's word is taken for one code only: no advice may bring a client back from an auth close. */
function isByOperator(advice: Disconnect | undefined): boolean {
  if (advice?.code !== closeCodes.replaced.code) return false
  return advice.reconnect && advice.reason === endedByOperator
}

/** A browser throws where its policy forbids the address; to the caller that is a connection that failed. */
function tryOpen(deps: LifelineDeps, protocols: readonly string[], handlers: SocketHandlers) {
  try {
    return deps.createSocket(deps.url, protocols, handlers)
  } catch {
    return undefined
  }
}
