// Ends what somebody had open by an earlier entry of the users file. Several sidecars see the same change, each in its
// own time: all sessions that are there when the first sees it end at once; one that sees it later ends those that it
// let in by the old entry until then, and leaves those alone that were begun by the new one.

import type { AuthorityStore } from '../authority/authority-store.ts'
import { type EndSessionDeps, endSession } from '../authority/end-session.ts'
import { isSessionLive, type SessionLifeDeps } from '../sessions/is-session-live.ts'
import type { SessionRecord, SessionStore } from '../sessions/session-store.ts'
import type { ChangedUser } from './changed-users.ts'

export type EndChangedUserDeps = EndSessionDeps &
  SessionLifeDeps & {
    readonly authorities: Pick<AuthorityStore, 'apply' | 'current'>
    readonly sessions: Pick<SessionStore, 'ofSubject' | 'remove'>
  }

/** Ends all of a subject but the sessions of the present entry. May be asked twice. Rejects only on an outage. */
export async function endChangedUser(
  { subject, fingerprint }: ChangedUser,
  deps: EndChangedUserDeps,
): Promise<void> {
  const { authorities, sessions, issuer, now } = deps
  const issuedBeforeMs = now()
  await authorities.apply({ type: 'end-subject', issuer, subject, issuedBeforeMs, fingerprint })
  for (const session of await sessions.ofSubject(subject)) {
    if (session.userFingerprint === fingerprint) continue
    if (await isSessionLive(session, deps)) await endSession(session, deps)
    else await sessions.remove(session.sessionId)
  }
}

/** The same for a change that nobody was there to see; sessions that tell of none are left alone. */
export async function endIfChangedUnseen(
  user: ChangedUser,
  deps: EndChangedUserDeps,
): Promise<void> {
  const isOfAnother = ({ userFingerprint }: SessionRecord) =>
    userFingerprint !== undefined && userFingerprint !== user.fingerprint
  const own = await deps.sessions.ofSubject(user.subject)
  if (own.some(isOfAnother)) await endChangedUser(user, deps)
}
