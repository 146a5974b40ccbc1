// What has to be said and was not yet: in order, bounded, forgotten on sign-out. Joins and leaves belong to one
// connection and are made anew for the next; what the page said waits for it.

import type { ClientMessage } from '@sallyport/contracts/messages/client-message'

/** How many messages of the page wait at most. */
export const maxQueuedMessages = 64

type Outbox = {
  /** Takes a message of the page; false when the outbox is full. */
  put: (message: ClientMessage) => boolean
  /** Takes a join or leave behind everything that waits; these are bounded by what the page does, not by us. */
  putMembership: (message: ClientMessage) => void
  /** Starts over for a new connection: its joins first, earlier ones void. */
  renew: (joins: readonly ClientMessage[]) => void
  take: () => ClientMessage | undefined
  isEmpty: () => boolean
  forget: () => void
}

type Entry = { readonly message: ClientMessage; readonly isMembership: boolean }

/** Creates an empty outbox. */
export function createOutbox(): Outbox {
  let waiting: Entry[] = []
  const said = () => waiting.filter(({ isMembership }) => !isMembership)
  const asMembership = (message: ClientMessage): Entry => ({ message, isMembership: true })
  return {
    put(message) {
      if (said().length >= maxQueuedMessages) return false
      waiting.push({ message, isMembership: false })
      return true
    },
    putMembership: (message) => void waiting.push(asMembership(message)),
    renew(joins) {
      waiting = [...joins.map(asMembership), ...said()]
    },
    take: () => waiting.shift()?.message,
    isEmpty: () => waiting.length === 0,
    forget() {
      waiting = []
    },
  }
}

/** The text frame of a message: `{type, id?, data}` with everything else inside `data`. */
export function encodeClientMessage({ type, id, ...data }: ClientMessage): string {
  return JSON.stringify(id === undefined ? { type, data } : { type, id, data })
}
