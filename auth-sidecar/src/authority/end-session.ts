// Ending a session, in the one order that leaves no gap: the durable record first, then the event, then the clean-up.
// A handshake that races with it either reads the new generation or is asked about again after it was registered.

import type { SessionStore } from '../sessions/session-store.ts'
import type { AuthorityFeed } from './authority-feed.ts'
import type { AuthorityStore } from './authority-store.ts'

export type EndSessionDeps = {
  readonly authorities: AuthorityStore
  readonly feed: Pick<AuthorityFeed, 'publish'>
  readonly sessions: Pick<SessionStore, 'remove'>
}

/** Voids everything derived from a session and tells every backend. Rejects only on an outage. */
export async function endSession(
  session: { readonly sessionId: string; readonly subject: string },
  deps: EndSessionDeps,
): Promise<void> {
  const { sessionId, subject } = session
  await deps.authorities.endSession(sessionId)
  deps.feed.publish({ type: 'session-ended', sessionId, subject })
  await deps.sessions.remove(sessionId)
}
