// What the bench and the process that holds the sockets say to each other. Types only.

import type { JsonWebKey } from 'node:crypto'

/** Where sockets are opened, and where its operator is answered. */
export type Gate = {
  readonly port: number
  readonly origin: string
  /** Origin of the management entry point. */
  readonly management: string
}

/** Tokens of one subject, each of a session of its own; `template` is a good token from a login. */
export type SessionMint = { readonly template: string; readonly privateKey: JsonWebKey }

export type OpenOrder = {
  /** The sockets' name in other orders; more of a name that is there join those. */
  readonly fleet: string
  /** Spread over the gates in turns. */
  readonly count: number
  readonly gates: readonly Gate[]
  readonly mint: SessionMint
  /** After that no more are begun: a slow machine opens fewer. Undefined: all of them, however long it takes. */
  readonly withinSeconds?: number
}

export type OpenResult = {
  readonly opened: number
  readonly seconds: number
  /** Upgrades that were refused or broke and were tried once more. */
  readonly retried: number
}

/** An operator's token and where it is shown. */
export type Operator = { readonly management: string; readonly adminToken: string }

export type RevokeOneOrder = {
  readonly operator: Operator
  readonly fleet: string
  /** Place of the victim's gate. */
  readonly gate: number
}

/** Milliseconds from the moment at which the revocation was sent. */
export type RevokeOneResult = {
  /** The decision was answered. */
  readonly answeredMs: number
  /** The last message came to the victim; 0 when none came after that moment. */
  readonly lastDeliveredMs: number
  /** The last message of the victim came to the other member of its room; 0 the same. */
  readonly lastHeardMs: number
  /** Its close frame came, or else the end of TCP. */
  readonly closedMs: number
  /** TCP ended. */
  readonly endedMs: number
}

export type RevokeSubjectOrder = {
  readonly operator: Operator
  /** All of them are the subject's. */
  readonly fleet: string
  readonly subject: string
  /** So many of them are in the rooms where somebody talks. */
  readonly listeners: number
}

/** Milliseconds from the moment at which the revocation was sent. */
export type RevokeSubjectResult = {
  readonly sockets: number
  readonly answeredMs: number
  /** The last message or close frame of all came. */
  readonly lastMs: number
  /** The last of all TCP connections ended. */
  readonly endedMs: number
}

export type RefreshOrder = { readonly fleet: string; readonly mint: SessionMint }

export type RefreshResult = {
  readonly refreshed: number
  /** Sockets that were answered with an error or not at all, by what they were told. */
  readonly failures: Readonly<Record<string, number>>
  /** Those of the fleet that are open still. */
  readonly open: number
  readonly seconds: number
  readonly latencyMs: { readonly p50: number; readonly p99: number }
}

/** Every order with its result. */
export type FleetOrders = {
  readonly open: { readonly order: OpenOrder; readonly result: OpenResult }
  /** From now on the fleet talks: one of it at each backend joins a room there and listens. */
  readonly seat: {
    readonly order: { readonly fleet: string; readonly operator: Operator }
    readonly result: object
  }
  /** Cuts all of them. */
  readonly drop: { readonly order: { readonly fleet: string }; readonly result: object }
  readonly revokeOne: { readonly order: RevokeOneOrder; readonly result: RevokeOneResult }
  readonly revokeSubject: {
    readonly order: RevokeSubjectOrder
    readonly result: RevokeSubjectResult
  }
  readonly refresh: { readonly order: RefreshOrder; readonly result: RefreshResult }
}

export type FleetKind = keyof FleetOrders

/** As an order travels. */
export type FleetRequest = { readonly kind: FleetKind; readonly order: object }

/** The bench's end: each resolves with its result, or rejects when the order could not be run. */
export type Fleet = {
  readonly [Kind in FleetKind]: (
    order: FleetOrders[Kind]['order'],
  ) => Promise<FleetOrders[Kind]['result']>
}
