// The refresh token of a sign-in, for clients that keep no cookies: it begins the one family of its session. A renewal
// makes no family; it replaces the token of this one.

import type { LoginAnswer } from '@sallyport/contracts/login-answer'
import type { SessionRecord } from '../sessions/session-store.ts'
import { createRefreshToken, type RefreshToken } from './refresh-token.ts'
import type { RefreshTokenStore } from './refresh-token-store.ts'

/** What a login answer has more. */
export type IssuedRefreshToken = Required<Pick<LoginAnswer, 'refreshToken' | 'refreshExpiresAt'>>

/** Begins the family of a new session. Rejects only on an outage. */
export async function issueRefreshToken(
  session: SessionRecord,
  store: Pick<RefreshTokenStore, 'create'>,
): Promise<IssuedRefreshToken> {
  const token = createRefreshToken()
  const { familyHash, secretHash } = token
  const { sessionId, subject, secretHash: sessionSecretHash, expiresAtMs } = session
  const record = { familyHash, secretHash, sessionId, subject, sessionSecretHash, expiresAtMs }
  await store.create(record)
  return issuedRefreshToken(token, session)
}

/** The part of the answer that hands a token out; it is good for as long as its session. */
export function issuedRefreshToken(
  { text }: RefreshToken,
  { expiresAtMs }: Pick<SessionRecord, 'expiresAtMs'>,
): IssuedRefreshToken {
  return { refreshToken: text, refreshExpiresAt: new Date(expiresAtMs).toISOString() }
}
