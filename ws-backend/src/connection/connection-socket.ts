// What a connection needs of a transport. No WebSocket library is known on this side of it.

/** An open socket. None of these throws once the socket is closed. */
export type ConnectionSocket = {
  readonly send: (text: string) => void
  readonly close: (code: number, reason: string) => void
  /** Ends the transport now, whatever the peer does. */
  readonly terminate: () => void
  readonly pause: () => void
  readonly resume: () => void
  /** Sends a ping; the peer's pong echoes its payload. */
  readonly ping: (payload: string) => void
  /** Bytes that were sent and have not left this process. */
  readonly bufferedBytes: () => number
}

/** A socket that must not say much yet. */
export type PendingSocket = ConnectionSocket & {
  /** Tells of every read how many bytes came, after they were handled. Returns what ends it. */
  readonly watchBytes: (listener: (count: number) => void) => () => void
}
