// A text frame on its way in: rate → form → feature. Knows neither the socket nor the phase; its caller asks
// the phase first, and `end` and `reply` mind it themselves.

import type { CloseName } from '@sallyport/contracts/close-codes'
import {
  type ClientMessage,
  parseClientMessage,
} from '@sallyport/contracts/messages/client-message'
import { parseEnvelope } from '@sallyport/contracts/messages/envelope'
import type { MessageErrorCode } from '@sallyport/contracts/messages/message-errors'
import type { ServerMessage } from '@sallyport/contracts/messages/server-message'
import type { ConnectionLimits } from './connection-limits.ts'
import { createMisdeedCounter, createTokenBucket } from './inbound-limits.ts'
import { errorMessage } from './outbound-messages.ts'

type InboundDeps = {
  readonly limits: ConnectionLimits
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number
  readonly reply: (message: ServerMessage) => void
  readonly end: (name: CloseName, retryAfterMs?: number) => void
  readonly handle: (message: ClientMessage) => void
}

/** Builds the reader of one connection's text frames. */
export function createInbound(deps: InboundDeps): (text: string) => void {
  const { limits, now, reply, end, handle } = deps
  const mayHandle = createTokenBucket(limits.messagesPerSecond, limits.messageBurst, now)
  const isFlood = createMisdeedCounter(limits.maxRefusals, limits.misdeedWindowMs, now)
  const isHopeless = createMisdeedCounter(limits.maxFaults, limits.misdeedWindowMs, now)

  function faulty(code: MessageErrorCode, id?: string): void {
    reply(errorMessage(code, id))
    if (isHopeless()) end('badMessage')
  }

  return function receive(text) {
    if (!mayHandle()) {
      if (isFlood()) return end('rateLimited', limits.misdeedWindowMs)
      return reply(errorMessage('rate-limited', idOf(text)))
    }
    const envelope = parseEnvelope(text)
    if (!envelope.ok) return faulty(envelope.error)
    const message = parseClientMessage(envelope.value)
    if (!message.ok) return faulty(message.error, envelope.value.id)
    handle(message.value)
  }
}

/**
 * The id of a message that is not handled, if it has one. Costs one parse, which the bound on refusals bounds:
 * past it the connection ends unparsed.
 */
function idOf(text: string): string | undefined {
  const envelope = parseEnvelope(text)
  return envelope.ok ? envelope.value.id : undefined
}
