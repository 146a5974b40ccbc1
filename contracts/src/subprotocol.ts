// The subprotocol list of a handshake (RFC 6455 4.1): our protocol beside an optional credential entry,
// because a browser can set no header on a WebSocket.

/** The protocol both ends speak; the only entry a server ever selects. */
export const protocolName = 'sallyport.v1'

/** A token offered as a subprotocol entry starts with this. */
export const bearerEntryPrefix = 'bearer.'

/** What a client offered. */
export type OfferedProtocols = {
  readonly offersOurs: boolean
  /** How many entries were offered; 0 when the header was absent. */
  readonly count: number
  /** Every entry that carries a token, prefix removed, in order. */
  readonly bearerTokens: readonly string[]
}

/** Reads a `Sec-WebSocket-Protocol` value; undefined when an entry is no RFC 7230 token or stands twice. */
export function parseOfferedProtocols(header: string | undefined): OfferedProtocols | undefined {
  if (header === undefined) return { offersOurs: false, count: 0, bearerTokens: [] }
  const entries = header.split(',').map((entry) => entry.replace(/^[ \t]+|[ \t]+$/g, ''))
  const unique = new Set(entries)
  if (unique.size !== entries.length || entries.length > 16) return undefined
  if (!entries.every((entry) => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(entry))) return undefined
  return {
    offersOurs: unique.has(protocolName),
    count: entries.length,
    bearerTokens: entries
      .filter((entry) => entry.startsWith(bearerEntryPrefix))
      .map((entry) => entry.slice(bearerEntryPrefix.length)),
  }
}
