// What a page wants to say while there is no connection: bounded, in order, forgotten on logout.

import type { ClientMessage } from '@sallyport/contracts/messages/client-message'

/** How many messages wait at most. */
export const maxQueuedMessages = 64

export type Outbox = {
  /** False when the outbox is full and the message was not taken. */
  put: (message: ClientMessage) => boolean
  /** Empties the outbox and answers what was in it, oldest first. */
  takeAll: () => readonly ClientMessage[]
}

/** Creates an empty outbox. */
export function createOutbox(limit = maxQueuedMessages): Outbox {
  let waiting: ClientMessage[] = []
  return {
    put(message) {
      if (waiting.length >= limit) return false
      waiting.push(message)
      return true
    },
    takeAll() {
      const taken = waiting
      waiting = []
      return taken
    },
  }
}

/** The text frame of a message: `{type, id?, data}` with the channel inside `data`. */
export function encodeClientMessage(message: ClientMessage): string {
  const { type, id, channel } = message
  const data = message.type === 'publish' ? { channel, data: message.data } : { channel }
  return JSON.stringify(id === undefined ? { type, data } : { type, id, data })
}
