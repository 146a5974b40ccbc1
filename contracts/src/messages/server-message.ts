// What a server says. `welcome` comes first and carries every number a client needs.

import type { CloseCategory } from '../close-codes.ts'
import { err, ok, type Result } from '../result.ts'
import { type EnvelopeFault, isObject, parseEnvelope } from './envelope.ts'

export type Welcome = {
  readonly connectionId: string
  readonly sessionId: string
  readonly userId: string
  /** How long the authority under this socket lasts, from now. */
  readonly ttlMs: number
  readonly refreshAfterMs: number
  readonly heartbeatMs: number
  readonly retry: { readonly minMs: number; readonly maxMs: number }
  readonly limits: {
    readonly maxMessageBytes: number
    readonly maxChannels: number
    readonly messagesPerSecond: number
  }
  readonly serverTime: string
}

/** The authority under the socket was renewed. */
export type AuthOk = {
  readonly ttlMs: number
  readonly refreshAfterMs: number
  /** Channels that the new authority no longer allows; they were left. */
  readonly lost: readonly string[]
}

/** The authority under the socket ends soon, unless it is renewed where that can help. */
export type AuthExpiring = {
  readonly inMs: number
  readonly reason: 'expiry' | 'revoked-with-margin'
}

/** Advice that precedes a close frame; survives proxies that lose the code. */
export type Disconnect = {
  readonly code: number
  readonly reason: string
  readonly category: CloseCategory
  readonly reconnect: boolean
  readonly refresh: boolean
  readonly retryAfterMs?: number
}

export type ChannelEvent = {
  readonly channel: string
  readonly data: Readonly<Record<string, unknown>>
  readonly from: { readonly userId: string; readonly username: string }
  readonly at: string
}

export type ServerError = {
  readonly code: string
  readonly category: CloseCategory
  readonly message: string
  readonly retryable: boolean
}

export type ServerMessage =
  | { readonly type: 'welcome'; readonly data: Welcome }
  | {
      readonly type: 'subscribed'
      readonly id?: string
      readonly data: { readonly channel: string }
    }
  | { readonly type: 'ack'; readonly id?: string }
  | { readonly type: 'auth.ok'; readonly id?: string; readonly data: AuthOk }
  | { readonly type: 'auth.expiring'; readonly data: AuthExpiring }
  | { readonly type: 'error'; readonly id?: string; readonly data: ServerError }
  | { readonly type: 'event'; readonly data: ChannelEvent }
  | { readonly type: 'hb' }
  | { readonly type: 'disconnect'; readonly data: Disconnect }

const typesWithData = new Set([
  'welcome',
  'subscribed',
  'auth.ok',
  'auth.expiring',
  'error',
  'event',
  'disconnect',
])
const typesWithoutData = new Set(['ack', 'hb'])

/**
 * Parses a frame from the server. The server is trusted to fill its own data; only the form is checked,
 * and an unknown type is a fault the client ignores, so that a newer server may say more.
 */
export function parseServerMessage(
  text: string,
): Result<ServerMessage, EnvelopeFault | 'unknown-type'> {
  const envelope = parseEnvelope(text)
  if (!envelope.ok) return envelope
  const { type, data } = envelope.value
  const known = typesWithoutData.has(type) || (typesWithData.has(type) && isObject(data))
  return known ? ok(envelope.value as unknown as ServerMessage) : err('unknown-type')
}
