// The texts a connection itself sends: welcome, disconnect advice, errors. Pure.

import { type CloseName, closeCodes } from '@sallyport/contracts/close-codes'
import type { Identity } from '@sallyport/contracts/identity'
import { type MessageErrorCode, messageErrors } from '@sallyport/contracts/messages/message-errors'
import type {
  Disconnect,
  ServerMessage,
  Welcome,
} from '@sallyport/contracts/messages/server-message'
import type { ConnectionLimits } from './connection-limits.ts'

/** An `error` message; `id` is that of the message it answers. */
export function errorMessage(code: MessageErrorCode, id?: string): ServerMessage {
  return { type: 'error', ...(id !== undefined && { id }), data: { code, ...messageErrors[code] } }
}

/** The `disconnect` message that precedes a close frame. */
export function adviceMessage(name: CloseName, retryAfterMs?: number): ServerMessage {
  const { code, reason, category, reconnect } = closeCodes[name]
  const data: Disconnect = {
    code,
    reason,
    category,
    reconnect: reconnect !== 'never',
    refresh: reconnect === 'with-new-token',
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  }
  return { type: 'disconnect', data }
}

/** The first message of every connection; `ttlMs` counts from now. */
export function welcomeMessage(
  connectionId: string,
  identity: Identity,
  ttlMs: number,
  limits: ConnectionLimits,
  serverTime: Date,
): ServerMessage {
  const data: Welcome = {
    connectionId,
    sessionId: identity.sessionId,
    userId: identity.subject,
    ttlMs: Math.floor(ttlMs),
    refreshAfterMs: refreshAfterMs(ttlMs),
    heartbeatMs: limits.heartbeatMs,
    retry: { minMs: 500, maxMs: 30_000 },
    limits: {
      maxMessageBytes: limits.maxMessageBytes,
      maxChannels: limits.maxChannels,
      messagesPerSecond: limits.messagesPerSecond,
    },
    serverTime: serverTime.toISOString(),
  }
  return { type: 'welcome', data }
}

/** When to refresh: half of a short life, else 30 s or 15 % before the end, whichever is earlier. */
function refreshAfterMs(ttlMs: number): number {
  return Math.floor(Math.max(ttlMs / 2, ttlMs - Math.max(30_000, ttlMs * 0.15)))
}
