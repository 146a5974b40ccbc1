// A text frame on its way in: rate → form → feature, or the connection's own authority. Knows neither the socket nor the
// phase; its caller asks the phase first, and `end` and `reply` mind it themselves.

import type { CloseName } from '@sallyport/contracts/close-codes'
import { parseClientMessage } from '@sallyport/contracts/messages/client-message'
import { parseEnvelope } from '@sallyport/contracts/messages/envelope'
import type { MessageErrorCode } from '@sallyport/contracts/messages/message-errors'
import type { ServerMessage } from '@sallyport/contracts/messages/server-message'
import type { ConnectionLimits } from './connection-limits.ts'
import type { ChannelMessage, RefreshMessage } from './connection-types.ts'
import { createMisdeedCounter, createTokenBucket } from './inbound-limits.ts'
import { errorMessage } from './outbound-messages.ts'

type InboundDeps = {
  readonly limits: ConnectionLimits
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number
  readonly reply: (message: ServerMessage) => void
  readonly end: (name: CloseName, retryAfterMs?: number) => void
  readonly handle: (message: ChannelMessage) => void
  /** Holds a token, so no feature ever sees it. */
  readonly refresh: (message: RefreshMessage) => void
}

export type Inbound = {
  readonly receive: (text: string) => void
  /** Takes an event's bytes off what the connection may still publish; false when they are too many. */
  readonly mayPublish: (bytes: number) => boolean
}

/** Builds the reader of one connection's text frames. */
export function createInbound(deps: InboundDeps): Inbound {
  const { limits, now, reply, end, handle, refresh } = deps
  const mayHandle = createTokenBucket(limits.messagesPerSecond, limits.messageBurst, now)
  const { publishBytesPerSecond, publishBurstBytes } = limits
  const mayCarry = createTokenBucket(publishBytesPerSecond, publishBurstBytes, now)
  const isFlood = createMisdeedCounter(limits.maxRefusals, limits.misdeedWindowMs, now)
  const isHopeless = createMisdeedCounter(limits.maxFaults, limits.misdeedWindowMs, now)

  function faulty(code: MessageErrorCode, id?: string): void {
    reply(errorMessage(code, id))
    if (isHopeless()) end('badMessage')
  }

  function endFlood(): boolean {
    if (!isFlood()) return false
    end('rateLimited', limits.misdeedWindowMs)
    return true
  }

  return {
    receive(text) {
      if (!mayHandle()) {
        if (!endFlood()) reply(errorMessage('rate-limited', idOf(text)))
        return
      }
      const envelope = parseEnvelope(text)
      if (!envelope.ok) return faulty(envelope.error)
      const message = parseClientMessage(envelope.value)
      if (!message.ok) return faulty(message.error, envelope.value.id)
      if (message.value.type === 'auth.refresh') refresh(message.value)
      else handle(message.value)
    },
    mayPublish(bytes) {
      if (mayCarry(bytes)) return true
      endFlood()
      return false
    },
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
