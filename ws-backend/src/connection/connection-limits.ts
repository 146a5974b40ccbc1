// Every bound of connections in one place. What a client must know of them travels in `welcome`.

/** What to do about a socket too many. */
export const socketLimitPolicies = ['refuse', 'replace'] as const

export type SocketLimitPolicy = (typeof socketLimitPolicies)[number]

export type ConnectionLimits = {
  readonly heartbeatMs: number
  readonly maxMessageBytes: number
  readonly maxChannels: number
  readonly messagesPerSecond: number
  readonly messageBurst: number
  /** What one socket may publish, in bytes of the events that come of it: in the long run, and at once. */
  readonly publishBytesPerSecond: number
  readonly publishBurstBytes: number
  /** This many refused messages within the window end the connection. */
  readonly maxRefusals: number
  readonly maxFaults: number
  readonly misdeedWindowMs: number
  /** A reader with more unread misses events. More than one socket may publish at once. */
  readonly maxBufferedBytes: number
  /** One that has stayed beyond it for this long without reading anything ends. */
  readonly maxStalledMs: number
  /** With more queued than this, a goodbye would not arrive in time and is not tried. */
  readonly maxBytesBeforeGoodbye: number
  /** How long a peer has to answer the close frame. */
  readonly endGraceMs: number
  readonly maxSocketsPerSession: number
  readonly maxSocketsPerSubject: number
  /** Of one client address (IPv6: /64), whoever is behind them. */
  readonly maxSocketsPerAddress: number
  /** What becomes of a socket too many of a session or a subject: it is refused, or the oldest gives way. */
  readonly socketLimitPolicy: SocketLimitPolicy
  /** `auth.refresh` of one socket; each asks the sidecar. */
  readonly maxRefreshesPerMinute: number
  /** From the upgrade on, a pending socket has this long for its `authenticate`, whatever else it sends. */
  readonly authenticateDeadlineMs: number
  /** Pending sockets have places of their own: they can crowd each other, never those of somebody. */
  readonly maxPending: number
  /** Of those, for one client address (IPv6: /64). */
  readonly maxPendingPerAddress: number
  /** What a pending socket may send before its first message is complete, pings and frame headers included. */
  readonly maxPendingBytes: number
  /** In at most this many reads: each costs more memory than its bytes. */
  readonly maxPendingReads: number
}

/** The bounds in force where settings say nothing else. */
export const defaultLimits: ConnectionLimits = {
  heartbeatMs: 25_000,
  maxMessageBytes: 65_536,
  maxChannels: 50,
  messagesPerSecond: 20,
  messageBurst: 40,
  publishBytesPerSecond: 128 * 1024,
  publishBurstBytes: 256 * 1024,
  maxRefusals: 100,
  maxFaults: 5,
  misdeedWindowMs: 10_000,
  maxBufferedBytes: 1024 * 1024,
  maxStalledMs: 5000,
  maxBytesBeforeGoodbye: 65_536,
  endGraceMs: 1000,
  maxSocketsPerSession: 20,
  maxSocketsPerSubject: 50,
  maxSocketsPerAddress: 1000,
  socketLimitPolicy: 'refuse',
  maxRefreshesPerMinute: 10,
  authenticateDeadlineMs: 10_000,
  maxPending: 1000,
  maxPendingPerAddress: 10,
  maxPendingBytes: 16_384,
  maxPendingReads: 256,
}
