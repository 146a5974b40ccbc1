// What a credential is worth now: verified or found, not expired, and not revoked in any way.
// The only place where a credential meets the authority store, for handshakes and the HTTP API alike.

import { err, ok, type Result } from '@sallyport/contracts/result'
import { isTicket } from '../credentials/ticket.ts'
import { hashSecret } from '../sessions/session-secret.ts'
import type { SessionRecord, SessionStore } from '../sessions/session-store.ts'
import type { TicketRecord, TicketStore } from '../tickets/ticket-store.ts'
import type { TokenExpectation, TokenFault, VerifyToken } from '../tokens/verify-token.ts'
import type { Authority } from './authority.ts'
import type { AuthorityStore } from './authority-store.ts'
import { judgePresented } from './judge-authority.ts'

/** For logs and metrics; the outside is told one thing for all of them. */
export type AuthorityFault =
  | TokenFault
  | 'session-unknown'
  | 'session-expired'
  | 'ticket-unknown'
  | 'ticket-of-another-route'
  | 'ticket-of-another-origin'
  | 'revoked'

/** What a ticket must have been issued for. */
export type TicketExpectation = {
  readonly route: string
  readonly origin: string | undefined
}

export type CurrentAuthority = {
  /** Judges a compact token; without an expectation as any bearer's. Rejects only on an outage. */
  readonly byToken: (
    compact: string,
    expected?: TokenExpectation,
  ) => Promise<Result<Authority, AuthorityFault>>
  /** Judges a session cookie's secret. Rejects only on an outage. */
  readonly bySession: (secret: string) => Promise<Result<Authority, AuthorityFault>>
  /** Burns a ticket and judges what it stood for. Rejects only on an outage. */
  readonly byTicket: (
    ticket: string,
    expected: TicketExpectation,
  ) => Promise<Result<Authority, AuthorityFault>>
  /** Burns a ticket that was presented in vain. Rejects only on an outage. */
  readonly burnTicket: (ticket: string) => Promise<void>
  /** The live session behind a cookie's secret, for who needs more than its authority. */
  readonly session: (secret: string) => Promise<Result<SessionRecord, AuthorityFault>>
}

export type CurrentAuthorityDeps = {
  readonly issuer: string
  readonly verifyToken: VerifyToken
  readonly sessions: Pick<SessionStore, 'find'>
  readonly tickets: Pick<TicketStore, 'redeem'>
  readonly authorities: Pick<AuthorityStore, 'current'>
  readonly now: () => number
}

/** What of an authority the store is asked about. */
type HeldAuthority = Pick<Authority, 'issuer' | 'subject' | 'sessionId' | 'generation' | 'token'>

const anyBearer: TokenExpectation = { use: 'bearer', audience: undefined }

/** Joins tokens, sessions, tickets and the authority store into one judgement. */
export function createCurrentAuthority(deps: CurrentAuthorityDeps): CurrentAuthority {
  async function isCurrent(authority: HeldAuthority, restsOnCookie: boolean): Promise<boolean> {
    const state = await deps.authorities.current(authority)
    const { generation, token } = authority
    return judgePresented({ generation, token, restsOnCookie }, state) === 'good'
  }

  async function session(secret: string): Promise<Result<SessionRecord, AuthorityFault>> {
    const record = secret === '' ? undefined : await deps.sessions.find(hashSecret(secret))
    if (!record) return err('session-unknown')
    if (record.expiresAtMs <= deps.now()) return err('session-expired')
    const { subject, sessionId, generation } = record
    const held = { issuer: deps.issuer, subject, sessionId, generation }
    return (await isCurrent(held, true)) ? ok(record) : err('revoked')
  }

  /** Nothing but a ticket's own form is worth a look into the store. */
  async function redeem(ticket: string): Promise<TicketRecord | undefined> {
    return isTicket(ticket) ? deps.tickets.redeem(hashSecret(ticket)) : undefined
  }

  return {
    session,
    async byToken(compact, expected = anyBearer) {
      const verified = await deps.verifyToken(compact, expected)
      if (!verified.ok) return verified
      return (await isCurrent(verified.value, false)) ? verified : err('revoked')
    },
    async byTicket(ticket, expected) {
      const record = await redeem(ticket)
      if (!record || record.expiresAtMs <= deps.now()) return err('ticket-unknown')
      if (record.route !== expected.route) return err('ticket-of-another-route')
      if (record.origin !== expected.origin) return err('ticket-of-another-origin')
      const { authority } = record
      // The parent may have ended since, and never lives on in a ticket (TKT-4, TKT-6).
      if (authority.expiresAtMs <= deps.now()) return err('session-expired')
      // One that was asked for with a token rests on that; else it ends with the cookie it was asked for with.
      const restsOnCookie = authority.token === undefined
      return (await isCurrent(authority, restsOnCookie)) ? ok(authority) : err('revoked')
    },
    async burnTicket(ticket) {
      await redeem(ticket)
    },
    async bySession(secret) {
      const found = await session(secret)
      return found.ok ? ok(authorityOf(found.value, deps.issuer)) : found
    },
  }
}

function authorityOf(record: SessionRecord, issuer: string): Authority {
  const { subject, username, sessionId, generation, expiresAtMs, groups } = record
  const nothingMore = { scopes: [], claims: {} }
  return { issuer, subject, username, sessionId, generation, expiresAtMs, groups, ...nothingMore }
}
