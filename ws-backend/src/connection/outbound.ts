// A text on its way out: may anything be sent now → does the reader keep up → the socket. Knows neither phase nor authority;
// its caller says whether the connection is live, at the moment of each send.

import type { CloseName } from '@sallyport/contracts/close-codes'
import type { ServerMessage } from '@sallyport/contracts/messages/server-message'
import type { ConnectionLimits } from './connection-limits.ts'
import type { ConnectionSocket } from './connection-socket.ts'
import type { HeldWork } from './held-work.ts'
import { createReaderWatch } from './reader-watch.ts'

type OutboundDeps = {
  readonly socket: Pick<ConnectionSocket, 'send' | 'bufferedBytes'>
  readonly limits: Pick<ConnectionLimits, 'maxBufferedBytes' | 'maxStalledMs'>
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number
  /** Asked before everything that is sent; what may not be sent is dropped. */
  readonly isLiveNow: () => boolean
  readonly held: Pick<HeldWork, 'isHeld' | 'run'>
  readonly end: (name: CloseName) => void
  readonly onEventDropped: () => void
}

export type Outbound = {
  readonly send: (text: string) => void
  /** The same for an event, which a reader that is too far behind misses, and so does a held one. */
  readonly sendEvent: (text: string) => void
  readonly reply: (message: ServerMessage) => void
}

/** Builds the writer of one connection's text frames. */
export function createOutbound(deps: OutboundDeps): Outbound {
  const { socket, held, isLiveNow, end, onEventDropped } = deps
  const judgeReader = createReaderWatch(deps.limits, deps.now)

  /** Undefined when nothing may be sent: a reader that does not read any more ends here. */
  function readerState(): 'keeps-up' | 'full' | undefined {
    if (!isLiveNow()) return undefined
    const state = judgeReader(socket.bufferedBytes())
    if (state !== 'stalled') return state
    end('slowReader')
    return undefined
  }

  function send(text: string): void {
    if (!isLiveNow()) return
    held.run(() => {
      if (readerState() !== undefined) socket.send(text)
    })
  }

  return {
    send,
    sendEvent(text) {
      if (!isLiveNow()) return
      if (held.isHeld()) return onEventDropped()
      const state = readerState()
      if (state === 'keeps-up') socket.send(text)
      else if (state === 'full') onEventDropped()
    },
    reply: (message) => send(JSON.stringify(message)),
  }
}
