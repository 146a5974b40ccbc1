// What a page says: at once while the connection is open, queued while one is under way, refused otherwise.
// Rooms outlive connections: each new one joins them again before anything queued is said.

import type { ClientMessage } from '@sallyport/contracts/messages/client-message'
import type { ConnectionState } from './connection-state.ts'
import { createMemberships } from './memberships.ts'
import { createOutbox, encodeClientMessage } from './outbox.ts'

export type OutgoingDeps = {
  readonly phase: () => ConnectionState['phase']
  readonly sendText: (text: string) => void
}

export type Outgoing = {
  /** True when the message was sent or queued. */
  readonly send: (message: ClientMessage) => boolean
  /** Is in a channel until the returned function is called; calling that twice leaves once. */
  readonly join: (channel: string) => () => void
  /** Says what a new connection must hear: rooms first, or our own queued messages would not reach us. */
  readonly flush: () => void
  /** Forgets what is queued. */
  readonly forget: () => void
}

/** Creates the speaking half of a client. */
export function createOutgoing(deps: OutgoingDeps): Outgoing {
  const outbox = createOutbox()
  const memberships = createMemberships()
  const say = (message: ClientMessage) => deps.sendText(encodeClientMessage(message))
  const sayIfOpen = (message: ClientMessage) => {
    if (deps.phase() === 'open') say(message)
  }

  return {
    send(message: ClientMessage): boolean {
      const phase = deps.phase()
      if (phase === 'idle' || phase === 'ended') return false
      if (phase !== 'open') return outbox.put(message)
      say(message)
      return true
    },
    join(channel: string): () => void {
      if (memberships.enter(channel)) sayIfOpen({ type: 'subscribe', channel })
      let left = false
      return () => {
        if (left) return
        left = true
        if (memberships.leave(channel)) sayIfOpen({ type: 'unsubscribe', channel })
      }
    },
    flush(): void {
      for (const channel of memberships.channels()) say({ type: 'subscribe', channel })
      for (const message of outbox.takeAll()) say(message)
    },
    forget(): void {
      outbox.takeAll()
    },
  }
}
