// The subprotocol list of a handshake (RFC 6455 4.1): our protocol beside an optional credential entry,
// because a browser can set no header on a WebSocket. Reads the list; judges no credential.

import { maxTokenLength } from './token-bounds.ts'

/** The protocol both ends speak; what a server selects for a socket with an identity. */
export const protocolName = 'sallyport.v1'

/** Asks for a socket that may only authenticate; what a server selects for such a one. */
export const firstMessageProtocolName = 'sallyport.v1.first-message'

/** A token offered as a subprotocol entry starts with this. */
export const bearerEntryPrefix = 'bearer.'

/** A ticket offered as a subprotocol entry starts with this. */
export const ticketEntryPrefix = 'ticket.'

/** More entries than this are refused. */
export const maxOfferedEntries = 16

/** A longer list is refused unread: it has room for the longest token and what stands beside it. */
export const maxOfferLength = maxTokenLength + 256

const maxEntryLength = maxTokenLength + bearerEntryPrefix.length

/** RFC 7230 3.2.6: what an entry may be made of. */
const entryForm = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** What a client offered. */
export type OfferedProtocols = {
  readonly offersOurs: boolean
  readonly offersFirstMessage: boolean
  /** How many entries were offered; 0 when the header was absent. */
  readonly count: number
  /** Every entry that carries a token, prefix removed, in order. */
  readonly bearerTokens: readonly string[]
  /** Every entry that carries a ticket, prefix removed, in order. */
  readonly tickets: readonly string[]
}

const none: readonly string[] = Object.freeze([])
const nothingOffered: OfferedProtocols = Object.freeze({
  offersOurs: false,
  offersFirstMessage: false,
  count: 0,
  bearerTokens: none,
  tickets: none,
})

const onlyOurs: OfferedProtocols = Object.freeze({ ...nothingOffered, offersOurs: true, count: 1 })

/**
 * Reads a `Sec-WebSocket-Protocol` value; undefined when it is too long, has too many entries, or an entry is
 * no RFC 7230 token, too long, or stands twice.
 */
export function parseOfferedProtocols(header: string | undefined): OfferedProtocols | undefined {
  if (header === undefined) return nothingOffered
  if (header === protocolName) return onlyOurs
  if (header.length > maxOfferLength) return undefined
  const entries = header.split(',', maxOfferedEntries + 1)
  if (entries.length > maxOfferedEntries) return undefined
  for (let index = 0; index < entries.length; index += 1) {
    const entry = withoutBlanks(entries[index] ?? '')
    if (entry.length > maxEntryLength || !entryForm.test(entry)) return undefined
    if (index > 0 && entries.lastIndexOf(entry, index - 1) >= 0) return undefined
    entries[index] = entry
  }
  return {
    offersOurs: entries.includes(protocolName),
    offersFirstMessage: entries.includes(firstMessageProtocolName),
    count: entries.length,
    bearerTokens: carried(entries, bearerEntryPrefix),
    tickets: carried(entries, ticketEntryPrefix),
  }
}

function carried(entries: readonly string[], prefix: string): readonly string[] {
  const found = entries.filter((entry) => entry.startsWith(prefix))
  return found.length === 0 ? none : found.map((entry) => entry.slice(prefix.length))
}

/** Space and tab only, by hand: a pattern that ends in "blanks, then the end" takes quadratic time on blanks. */
function withoutBlanks(text: string): string {
  let [start, end] = [0, text.length]
  while (start < end && isBlank(text.charCodeAt(start))) start += 1
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1
  return text.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}
