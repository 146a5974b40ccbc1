// A connection as its neighbours see it: features and authority from one side, the transport from the other.

import type {
  AuthenticateAnswer,
  AuthenticateRequest,
  RefreshAnswer,
  RefreshRequest,
} from '@sallyport/contracts/authority-questions'
import type { CloseName } from '@sallyport/contracts/close-codes'
import type { Identity, PendingIdentity, TokenFacts } from '@sallyport/contracts/identity'
import type { ClientMessage } from '@sallyport/contracts/messages/client-message'
import type { Log } from '@sallyport/service-kit/log'
import type { ConnectionLimits } from './connection-limits.ts'
import type { ConnectionSocket, PendingSocket } from './connection-socket.ts'
import type { Hold } from './held-work.ts'

/** What the features and the authority see of a connection. */
export type Connection = {
  readonly id: string
  /** Whose it is now: a refresh changes it, so nobody keeps a copy. */
  readonly identity: Identity
  /** When the connection was accepted (wall clock). */
  readonly connectedAt: Date
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
  /** Until its authority ends, unless it is renewed; 0 or more, Infinity when it never does. */
  readonly expiresInMs: () => number
  /** The identity was found good after the registration: welcome, then messages. */
  readonly confirm: () => void
  /** Ends the connection; the first reason stays. `retryAfterMs` goes into the advice. */
  readonly end: (name: CloseName, retryAfterMs?: number) => void
  /** Ends it for an operator; its credential stays good, so its client may return. */
  readonly endByOperator: () => void
  /**
   * The cheap half of `end`, for many at once: from here nothing is handled and nothing sent. The goodbye is still to
   * be said; without it the transport is cut within the grace all the same.
   */
  readonly markDead: (name: CloseName) => void
  /** The other half: advice and close frame. Means nothing unless the connection was marked dead. */
  readonly sayGoodbye: () => void
  /** Announces the end, `marginMs` from now with `name`; never later than it would have come anyway. */
  readonly endWithin: (marginMs: number, name: CloseName) => void
  /**
   * What a token cookie opened rests on `token` and lasts until then (wall clock, ms), as its browser got a new one.
   * Means nothing for a socket that was opened otherwise, that is dead, whose end was announced by `endWithin`, or that
   * lasts as long already.
   */
  readonly extendUntil: (expiresAtMs: number, token: TokenFacts) => void
}

/** A new token for the socket; the connection's own to handle. */
export type RefreshMessage = Extract<ClientMessage, { readonly type: 'auth.refresh' }>

/** What a feature handles. */
export type ChannelMessage = Exclude<ClientMessage, RefreshMessage>

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
  /** Yields [0, 1). */
  readonly random: () => number
  /** While it holds, nothing is handled, and nothing sent but goodbyes. */
  readonly hold: Hold
  readonly handle: (connection: Connection, message: ChannelMessage) => void
  /** May this token go on under the socket? Throws when there is no trustworthy answer. */
  readonly refresh: (request: RefreshRequest) => Promise<RefreshAnswer>
  /** Gives it a place among the sockets of another identity; false when there is none, and it keeps the one it has. */
  readonly changePlace: (connection: Connection, identity: Identity) => boolean
  /** Leaves the channels that the identity in force does not allow, and yields them. */
  readonly leaveForbidden: (connection: Connection) => readonly string[]
  /** A refresh or an extension replaced the identity: whoever indexes by it or asked about it does so again. */
  readonly onIdentityChanged: (connection: Connection, before: Identity) => void
  /** It ended: it takes no place, and no feature may hold it any longer. Called once. */
  readonly onDead: (connection: Connection) => void
  /** A reader that is too far behind, or a held one, missed an event. */
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
