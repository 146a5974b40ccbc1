// A connection as its neighbours see it: features and authority from one side, the transport from the other.

import type { AuthenticateAnswer, AuthenticateRequest } from '@sallyport/contracts/authority-event'
import type { CloseName } from '@sallyport/contracts/close-codes'
import type { Identity, PendingIdentity } from '@sallyport/contracts/identity'
import type { ClientMessage } from '@sallyport/contracts/messages/client-message'
import type { Log } from '@sallyport/service-kit/log'
import type { ConnectionLimits } from './connection-limits.ts'
import type { ConnectionSocket, PendingSocket } from './connection-socket.ts'

/** What the features and the authority see of a connection. */
export type Connection = {
  readonly id: string
  readonly identity: Identity
  /** Sends while the connection is live, else drops. The text is a serialised server message. */
  readonly send: (text: string) => void
  /** The same for an event, which a reader that is too far behind misses. */
  readonly sendEvent: (text: string) => void
  /** May an event of so many bytes be published? Counts them; going on after a no ends the connection. */
  readonly mayPublish: (bytes: number) => boolean
  /** May something still happen? Changes nothing. */
  readonly isLive: () => boolean
  /** Ends the connection when its authority has lasted as long as it may. */
  readonly expireIfDue: () => void
  /** The identity was found good after the registration: welcome, then messages. */
  readonly confirm: () => void
  /** Ends the connection; the first reason stays. `retryAfterMs` goes into the advice. */
  readonly end: (name: CloseName, retryAfterMs?: number) => void
}

/** What the transport tells. */
export type ConnectionInput = {
  readonly receiveText: (text: string) => void
  readonly receiveBinary: () => void
  readonly receivePong: (payload: string) => void
  /** The transport found the peer at fault, or broke; it is closing by itself. */
  readonly transportFailed: (name: CloseName) => void
  readonly socketClosed: (code: number) => void
}

export type ConnectionOptions = {
  readonly id: string
  readonly identity: Identity
  readonly socket: ConnectionSocket
  readonly requestId: string
  /** When the handshake arrived, on the clock of `now`. */
  readonly arrivedAtMs: number
  /** Since when the authority's life counts, on the same clock: never later than when it was decided. */
  readonly authorityFromMs: number
  /** Messages that arrived before anybody was behind the socket, in order; handled after `welcome`. */
  readonly early: readonly string[]
}

export type ConnectionDeps = {
  readonly limits: ConnectionLimits
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number
  readonly wallClock: () => Date
  readonly handle: (connection: Connection, message: ClientMessage) => void
  /** The connection left `live` or `checking` for good: no feature may hold it any longer. */
  readonly onDead: (connection: Connection) => void
  /** A reader that is too far behind missed an event. */
  readonly onEventDropped: () => void
  /** The transport is gone. Called once. */
  readonly onForgotten: (connection: Connection, code: number) => void
  readonly log: Log
}

export type PendingOptions = Pick<ConnectionOptions, 'id' | 'requestId' | 'arrivedAtMs'> & {
  readonly socket: PendingSocket
  readonly pending: PendingIdentity
}

/** Who goes on with a pending socket once somebody is behind it. */
export type Successor = ConnectionInput & Pick<Connection, 'end'>

/** What the drain and the books see of a pending socket. */
export type Pending = Pick<Connection, 'id' | 'end'>

export type PendingDeps = Pick<ConnectionDeps, 'limits' | 'now' | 'wallClock' | 'log'> & {
  /** Throws when there is no trustworthy answer. */
  readonly authenticate: (request: AuthenticateRequest) => Promise<AuthenticateAnswer>
  readonly takeOver: (options: ConnectionOptions) => Successor
  readonly onHandedOver: (pending: Pending) => void
  /** The transport is gone, and nobody was ever behind it. Called once. */
  readonly onForgotten: (pending: Pending, code: number) => void
}
