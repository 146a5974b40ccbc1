// Ending a session, in the one order that leaves no gap: the durable record and its event first, then the clean-up.
// A handshake that races with it either reads the new generation or is asked about again after it was registered.

import type { SessionStore } from '../sessions/session-store.ts'
import type { AuthorityStore } from './authority-store.ts'

export type EndSessionDeps = {
  readonly authorities: Pick<AuthorityStore, 'apply'>
  readonly sessions: Pick<SessionStore, 'remove'>
}

type EndedSession = { readonly sessionId: string; readonly subject: string }

/**
 * Voids everything derived from a session and tells every backend; with a margin (ms) live sockets are left alone for
 * so long. Rejects only on an outage.
 */
export async function endSession(
  { sessionId, subject }: EndedSession,
  { authorities, sessions }: EndSessionDeps,
  marginMs?: number,
): Promise<void> {
  await authorities.apply({ type: 'end-session', sessionId, subject, marginMs })
  await sessions.remove(sessionId)
}
