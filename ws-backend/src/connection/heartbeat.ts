// Server-driven heartbeat: the ping is how the server reaps, the `hb` message how a page notices a dead socket.
// Only the echo of our own ping counts as life: a peer that reads nothing can still send pongs of its own.

import { randomUUID } from 'node:crypto'

export type Heartbeat = {
  /** Takes a pong's payload. */
  readonly answered: (payload: string) => void
  readonly cancel: () => void
}

export type HeartbeatHandlers = {
  /** Whether nothing may be sent now, and pongs lie unread: a beat that falls into this is left out. */
  readonly isHeld: () => boolean
  /** Sends a ping with this payload. */
  readonly beat: (payload: string) => void
  /** Two whole intervals went by without an echo. */
  readonly onLost: () => void
  /** More pongs came than anybody asked for. */
  readonly onFlood: () => void
}

/** Intervals without an answer after which the peer counts as gone. */
const maxUnanswered = 2

/** Pongs nobody asked for are allowed (RFC 6455 5.5.3), but not more of them in one interval. */
const maxUnasked = 50

/** Calls `beat` every `intervalMs` until it is cancelled or the peer is lost. */
export function startHeartbeat(intervalMs: number, handlers: HeartbeatHandlers): Heartbeat {
  let unanswered = 0
  let unasked = 0
  let asked = ''
  const timer = setInterval(() => {
    if (handlers.isHeld()) return
    if (unanswered >= maxUnanswered) {
      clearInterval(timer)
      handlers.onLost()
      return
    }
    unanswered += 1
    unasked = 0
    asked = randomUUID()
    handlers.beat(asked)
  }, intervalMs)
  return {
    answered(payload) {
      if (asked !== '' && payload === asked) {
        asked = ''
        unanswered = 0
        return
      }
      unasked += 1
      if (unasked === maxUnasked) handlers.onFlood()
    },
    cancel: () => clearInterval(timer),
  }
}
