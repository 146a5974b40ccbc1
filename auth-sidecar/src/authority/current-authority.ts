// What a credential is worth now: verified or found, not expired, and of the current generation.
// The only place where a credential meets the authority store, for handshakes and the HTTP API alike.

import { type Generation, isSameGeneration } from '@sallyport/contracts/identity'
import { err, ok, type Result } from '@sallyport/contracts/result'
import { hashSecret } from '../sessions/session-secret.ts'
import type { SessionRecord, SessionStore } from '../sessions/session-store.ts'
import type { TokenFault, VerifyToken } from '../tokens/verify-token.ts'
import type { Authority, Lineage } from './authority.ts'
import type { AuthorityStore } from './authority-store.ts'

/** For logs and metrics; the outside is told one thing for all of them. */
export type AuthorityFault = TokenFault | 'session-unknown' | 'session-expired' | 'revoked'

export type CurrentAuthority = {
  /** Judges a compact token. Rejects only on an outage. */
  readonly byToken: (compact: string) => Promise<Result<Authority, AuthorityFault>>
  /** Judges a session cookie's secret. Rejects only on an outage. */
  readonly bySession: (secret: string) => Promise<Result<Authority, AuthorityFault>>
  /** The live session behind a cookie's secret, for who needs more than its authority. */
  readonly session: (secret: string) => Promise<Result<SessionRecord, AuthorityFault>>
}

export type CurrentAuthorityDeps = {
  readonly issuer: string
  readonly verifyToken: VerifyToken
  readonly sessions: Pick<SessionStore, 'find'>
  readonly authorities: Pick<AuthorityStore, 'current'>
  readonly now: () => number
}

/** Joins tokens, sessions and the authority store into one judgement. */
export function createCurrentAuthority(deps: CurrentAuthorityDeps): CurrentAuthority {
  async function isCurrent(lineage: Lineage, generation: Generation): Promise<boolean> {
    return isSameGeneration(generation, await deps.authorities.current(lineage))
  }

  async function session(secret: string): Promise<Result<SessionRecord, AuthorityFault>> {
    const record = secret === '' ? undefined : await deps.sessions.find(hashSecret(secret))
    if (!record) return err('session-unknown')
    if (record.expiresAtMs <= deps.now()) return err('session-expired')
    const lineage = { ...record, issuer: deps.issuer }
    return (await isCurrent(lineage, record.generation)) ? ok(record) : err('revoked')
  }

  return {
    session,
    async byToken(compact) {
      const verified = await deps.verifyToken(compact)
      if (!verified.ok) return verified
      const { generation } = verified.value
      return (await isCurrent(verified.value, generation)) ? verified : err('revoked')
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
