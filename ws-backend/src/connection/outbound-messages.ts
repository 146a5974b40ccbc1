// The texts a connection itself sends: welcome, disconnect advice, errors. Pure.

import { type CloseCategory, type CloseName, closeCodes } from '@sallyport/contracts/close-codes'
import type { Identity } from '@sallyport/contracts/identity'
import type {
  Disconnect,
  ServerMessage,
  Welcome,
} from '@sallyport/contracts/messages/server-message'
import type { ConnectionLimits } from './connection-limits.ts'

/** Every code an `error` message can carry, with what the client may make of it. */
export const messageErrors = {
  'not-json': { category: 'unknown', retryable: false, message: 'The message is not JSON' },
  'too-deep': { category: 'unknown', retryable: false, message: 'The message nests too deeply' },
  'not-an-envelope': { category: 'unknown', retryable: false, message: 'The message has no type' },
  'unknown-type': { category: 'unknown', retryable: false, message: 'Unknown message type' },
  'bad-channel': { category: 'unknown', retryable: false, message: 'Not a channel name' },
  'bad-data': { category: 'unknown', retryable: false, message: 'data must be an object' },
  'not-allowed': { category: 'auth', retryable: false, message: 'Not allowed on this channel' },
  'too-many-channels': { category: 'unknown', retryable: false, message: 'Too many channels' },
  'rate-limited': { category: 'server', retryable: true, message: 'Too many messages' },
} as const satisfies Record<
  string,
  { category: CloseCategory; retryable: boolean; message: string }
>

export type MessageErrorCode = keyof typeof messageErrors

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
export function refreshAfterMs(ttlMs: number): number {
  return Math.floor(Math.max(ttlMs / 2, ttlMs - Math.max(30_000, ttlMs * 0.15)))
}
