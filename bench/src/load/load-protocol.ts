// What the bench and its load process say to each other.

/** One measured stretch against one listener. */
export type LoadOrder = {
  readonly port: number
  /** Folder of the client's certificate. */
  readonly tls: string
  readonly token: string
  readonly origin: string
  readonly streams: number
  readonly durationMs: number
}

/** What came of it. `assertion` is that of the last answer, so that the floor's can be made as long. */
export type LoadResult = {
  readonly answered: number
  readonly refused: number
  readonly seconds: number
  readonly assertion: string
  /** A broken connection, in words; the other numbers then mean nothing. */
  readonly fault?: string
}
