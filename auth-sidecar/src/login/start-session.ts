// From a signed-in user to a session: a fresh secret (fixation is impossible), a public id, the current generation.

import { randomBytes } from 'node:crypto'
import type { AuthorityStore } from '../authority/authority-store.ts'
import { createSecret, hashSecret } from '../sessions/session-secret.ts'
import type { DeviceInfo, SessionRecord, SessionStore } from '../sessions/session-store.ts'
import type { User } from './password-hash.ts'

export type StartSessionDeps = {
  readonly sessions: Pick<SessionStore, 'create'>
  readonly authorities: Pick<AuthorityStore, 'current'>
  readonly issuer: string
  readonly sessionLifeMs: number
  readonly now: () => number
}

/** The stored session and the secret that goes into its cookie, and nowhere else. */
export type StartedSession = { readonly session: SessionRecord; readonly secret: string }

/** Whose session it is to be, and by which entry of the users file, if by any. */
type SessionUser = Pick<User, 'id' | 'username' | 'groups'> & { readonly userFingerprint?: string }

/** Starts a session. Rejects only on an outage. */
export async function startSession(
  user: SessionUser,
  device: DeviceInfo,
  deps: StartSessionDeps,
): Promise<StartedSession> {
  const secret = createSecret()
  const sessionId = randomBytes(16).toString('base64url')
  const createdAtMs = deps.now()
  const { userFingerprint } = user
  const lineage = { issuer: deps.issuer, subject: user.id, sessionId }
  // Read before the session is stored: what ends the subject in between leaves it an older generation's.
  const { generation } = await deps.authorities.current(lineage)
  const session: SessionRecord = {
    secretHash: hashSecret(secret),
    sessionId,
    subject: user.id,
    username: user.username,
    groups: user.groups,
    generation,
    device,
    ...(userFingerprint !== undefined && { userFingerprint }),
    createdAtMs,
    expiresAtMs: createdAtMs + deps.sessionLifeMs,
  }
  await deps.sessions.create(session)
  return { session, secret }
}
