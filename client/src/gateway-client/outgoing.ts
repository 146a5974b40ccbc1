// What a page says: at once while the connection is open, queued while one is under way, refused otherwise.
// Channels outlive connections: each new one joins them again before anything queued is said, and no faster than
// the server reads. Must not know when a connection begins or ends; it is told.

import type { ClientMessage } from '@sallyport/contracts/messages/client-message'
import type { ConnectionState } from './connection-state.ts'
import { createMemberships } from './memberships.ts'
import { createOutbox, encodeClientMessage } from './outbox.ts'
import type { SetTimer } from './timer.ts'

type OutgoingDeps = {
  readonly phase: () => ConnectionState['phase']
  readonly sendText: (text: string) => void
  readonly setTimer: SetTimer
}

type Outgoing = {
  /** True when the message was sent or queued. */
  readonly send: (message: ClientMessage) => boolean
  /** Is in a channel until the returned function is called; calling that twice leaves once. */
  readonly join: (channel: string) => () => void
  /**
   * Says what a new connection must hear: channels first, or our own queued messages would not reach us.
   * Half a second's worth at once, the rest evenly; what is said meanwhile waits in line.
   */
  readonly begin: (messagesPerSecond: number) => void
  /** Stops saying what is left; it waits for the next connection. */
  readonly pause: () => void
  /** Forgets what is queued, or every channel too: then the next connection may be somebody else's. */
  readonly forget: (what: 'queue' | 'everything') => void
}

/** The pace when the server's number is none. */
const defaultMessagesPerSecond = 10

/** Creates the speaking half of a client. */
export function createOutgoing(deps: OutgoingDeps): Outgoing {
  const outbox = createOutbox()
  const memberships = createMemberships()
  const line = createLine(deps, outbox.take)

  function sayMembership(message: ClientMessage): void {
    if (deps.phase() !== 'open') return
    if (outbox.isEmpty()) line.say(message)
    else outbox.putMembership(message)
  }

  return {
    send(message) {
      const phase = deps.phase()
      if (phase === 'idle' || phase === 'ended') return false
      if (phase !== 'open' || !outbox.isEmpty()) return outbox.put(message)
      line.say(message)
      return true
    },
    join(channel) {
      const member = Symbol(channel)
      if (memberships.enter(channel, member)) sayMembership({ type: 'subscribe', channel })
      return () => {
        if (memberships.leave(channel, member)) sayMembership({ type: 'unsubscribe', channel })
      }
    },
    begin(messagesPerSecond) {
      outbox.renew(memberships.channels().map((channel) => ({ type: 'subscribe', channel })))
      line.drain(messagesPerSecond)
    },
    pause: line.stop,
    forget(what) {
      outbox.forget()
      if (what === 'everything') memberships.forget()
    },
  }
}

/** Says messages one by one, and a backlog at the server's pace. */
function createLine(deps: OutgoingDeps, take: () => ClientMessage | undefined) {
  let cancelTimer = nothing

  const say = (message: ClientMessage) => deps.sendText(encodeClientMessage(message))
  const sayNext = () => {
    const message = take()
    if (message) say(message)
    return message !== undefined
  }
  const goOn = (intervalMs: number) => {
    cancelTimer = deps.setTimer(() => {
      if (sayNext()) goOn(intervalMs)
    }, intervalMs)
  }
  return {
    say,
    drain(messagesPerSecond: number) {
      cancelTimer()
      // The number comes over the wire: what is no rate must not become a hot loop or a standstill.
      const isSound = Number.isFinite(messagesPerSecond) && messagesPerSecond >= 1
      const rate = isSound ? messagesPerSecond : defaultMessagesPerSecond
      for (let count = Math.max(1, Math.floor(rate / 2)); count > 0; count -= 1) {
        if (!sayNext()) return
      }
      goOn(1000 / rate)
    },
    stop: () => cancelTimer(),
  }
}

function nothing(): void {}
