// The login answer of a live session: whom it is, and a fresh token.

import type { LoginAnswer } from '@sallyport/contracts/login-answer'
import type { SessionRecord } from '../sessions/session-store.ts'
import { type IssueTokenDeps, issueToken } from '../tokens/issue-token.ts'

/** Makes the answer; the token never outlives the session. */
export async function makeLoginAnswer(
  session: SessionRecord,
  tokens: IssueTokenDeps,
): Promise<LoginAnswer> {
  const token = await issueToken(session, tokens)
  return {
    user: { id: session.subject, username: session.username },
    token: token.compact,
    expiresAt: new Date(token.expiresAtMs).toISOString(),
    expiresInMs: token.expiresAtMs - tokens.now(),
    sessionId: session.sessionId,
  }
}
