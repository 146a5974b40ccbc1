// Where tickets wait for their one handshake. Memory and Redis are siblings behind this, held to one contract suite.

import type { Authority } from '../authority/authority.ts'

/** What a ticket stands for. The ticket itself is never stored. */
export type TicketRecord = {
  readonly secretHash: string
  /** Of the parent session, as it was at issue; whether it is still current is judged at the handshake. */
  readonly authority: Authority
  /** The origin it was issued to, undefined for a client that sends none: the handshake's must be the same. */
  readonly origin: string | undefined
  /** The only route it opens. */
  readonly route: string
  readonly expiresAtMs: number
}

/** Both reject only on an outage. */
export type TicketStore = {
  /** Stores a new ticket; the very next `redeem`, on any replica, finds it. */
  readonly create: (record: TicketRecord) => Promise<void>
  /** Atomic: whoever gets it has burnt it. Undefined for an unknown, a burnt and an expired one alike. */
  readonly redeem: (secretHash: string) => Promise<TicketRecord | undefined>
}
