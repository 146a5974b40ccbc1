// What a connection itself says: welcome, news of its authority, disconnect advice, errors. Pure.

import { closeCodes } from '@sallyport/contracts/close-codes'
import type { Identity } from '@sallyport/contracts/identity'
import { type MessageErrorCode, messageErrors } from '@sallyport/contracts/messages/message-errors'
import type {
  AuthExpiring,
  Disconnect,
  ServerMessage,
  Welcome,
} from '@sallyport/contracts/messages/server-message'
import type { ConnectionLimits } from './connection-limits.ts'
import type { Ending } from './connection-state.ts'

/** An `error` message; `id` is that of the message it answers. */
export function errorMessage(code: MessageErrorCode, id?: string): ServerMessage {
  return { type: 'error', ...(id !== undefined && { id }), data: { code, ...messageErrors[code] } }
}

/** Why a connection ends, in one word for its client and the log. */
export function reasonOf({ name, byOperator }: Ending): string {
  return byOperator ? 'ended-by-operator' : closeCodes[name].reason
}

/** The `disconnect` message that precedes a close frame. */
export function adviceMessage(ending: Ending): ServerMessage {
  const { name, retryAfterMs, byOperator = false } = ending
  const { code, category, reconnect } = closeCodes[name]
  const data: Disconnect = {
    code,
    reason: reasonOf(ending),
    category,
    reconnect: byOperator || reconnect !== 'never',
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
    ...lifetime(ttlMs),
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

/** The authority under the connection was renewed; `id` is that of the `auth.refresh` it answers, if it answers one. */
export function authOkMessage(ttlMs: number, lost: readonly string[], id?: string): ServerMessage {
  return {
    type: 'auth.ok',
    ...(id !== undefined && { id }),
    data: { ...lifetime(ttlMs), lost },
  }
}

/** The authority under the connection ends in `inMs`. */
export function authExpiringMessage(inMs: number, reason: AuthExpiring['reason']): ServerMessage {
  return { type: 'auth.expiring', data: { inMs: wholeMs(inMs), reason } }
}

function lifetime(ttlMs: number): { ttlMs: number; refreshAfterMs: number } {
  const whole = wholeMs(ttlMs)
  return { ttlMs: whole, refreshAfterMs: refreshAfterMs(whole) }
}

/** JSON knows no Infinity: what never ends lasts as long as a number can say. */
function wholeMs(ms: number): number {
  return Math.min(Math.floor(ms), Number.MAX_SAFE_INTEGER)
}

/** When to refresh: half of a short life, else 30 s or 15 % before the end, whichever is earlier. */
function refreshAfterMs(ttlMs: number): number {
  return Math.floor(Math.max(ttlMs / 2, ttlMs - Math.max(30_000, ttlMs * 0.15)))
}
