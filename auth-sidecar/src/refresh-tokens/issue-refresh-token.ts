// A refresh token for clients that keep no cookies: opaque, good once, and no longer than its session.

import type { LoginAnswer } from '@sallyport/contracts/login-answer'
import { createSecret, hashSecret } from '../sessions/session-secret.ts'
import type { SessionRecord } from '../sessions/session-store.ts'
import type { RefreshTokenStore } from './refresh-token-store.ts'

/** What a login answer has more. */
export type IssuedRefreshToken = Required<Pick<LoginAnswer, 'refreshToken' | 'refreshExpiresAt'>>

/** Stands before each, so that one that got into a log or a repository is recognised. */
const prefix = 'spr_'
/** Nothing else can be one of ours. */
const form = /^spr_[A-Za-z0-9_-]{43}$/

/** True for a text that could be a refresh token of ours. */
export function isRefreshToken(text: string): boolean {
  return form.test(text)
}

/** Makes and stores the next refresh token of a live session. Rejects only on an outage. */
export async function issueRefreshToken(
  session: SessionRecord,
  store: Pick<RefreshTokenStore, 'create'>,
): Promise<IssuedRefreshToken> {
  const refreshToken = `${prefix}${createSecret()}`
  const { sessionId, subject, secretHash: sessionSecretHash, expiresAtMs } = session
  const secretHash = hashSecret(refreshToken)
  await store.create({ secretHash, sessionId, subject, sessionSecretHash, expiresAtMs })
  return { refreshToken, refreshExpiresAt: new Date(expiresAtMs).toISOString() }
}
