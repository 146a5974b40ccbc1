// `GET /auth/sessions` and `DELETE /auth/sessions/<id>`: where somebody is signed in, and the end of one of these.
// Only ever one's own: what is another's and what is not there are told in the same words.

import { type Denial, refuse } from '@sallyport/contracts/denials'
import type { OwnSession } from '@sallyport/contracts/login-answer'
import { ok, type Result } from '@sallyport/contracts/result'
import type { Log } from '@sallyport/service-kit/log'
import type { Authority } from '../authority/authority.ts'
import { type EndSessionDeps, endSession } from '../authority/end-session.ts'
import type { Metrics } from '../metrics.ts'
import { isSessionLive, type SessionLifeDeps } from '../sessions/is-session-live.ts'
import type { SessionRecord, SessionStore } from '../sessions/session-store.ts'
import { type ParentSessionDeps, parentSession } from '../tickets/parent-session.ts'
import type { ApiAnswer, ApiRequest } from './api-request.ts'
import { type SessionCookieOptions, signedOutCookies } from './session-cookies.ts'
import { removedTokenCookie } from './token-cookie.ts'

export type OwnSessionsDeps = ParentSessionDeps &
  EndSessionDeps &
  SessionLifeDeps & {
    readonly sessions: Pick<SessionStore, 'ofSubject' | 'remove'>
    readonly cookies: SessionCookieOptions
    readonly log: Log
    readonly metrics: Pick<Metrics, 'sessionsEnded'>
  }

/** Lists the caller's live sessions, oldest first. Rejects only on an outage. */
export async function listOwnSessions(
  request: ApiRequest,
  deps: OwnSessionsDeps,
): Promise<ApiAnswer<readonly OwnSession[]>> {
  const caller = await callerOf(request, deps)
  if (!caller.ok) return { outcome: caller }
  const { subject, sessionId } = caller.value
  const stored = await deps.sessions.ofSubject(subject)
  // What was ended while its record could not be removed is no session any more.
  const isLive = await Promise.all(stored.map((session) => isSessionLive(session, deps)))
  const live = stored.filter((_session, index) => isLive[index])
  return { outcome: ok(live.map((session) => shown(session, sessionId))) }
}

/** Ends one of the caller's sessions, everywhere, at once. Rejects only on an outage. */
export async function endOwnSession(
  request: ApiRequest,
  sessionId: string,
  deps: OwnSessionsDeps,
): Promise<ApiAnswer> {
  const caller = await callerOf(request, deps)
  if (!caller.ok) return { outcome: caller }
  const { subject, sessionId: currentId } = caller.value
  const own = await deps.sessions.ofSubject(subject)
  const isCurrent = sessionId === currentId
  // The caller's own can be ended by its token even after its record is gone.
  if (!isCurrent && !own.some((session) => session.sessionId === sessionId)) {
    const detail = 'There is no such session of yours'
    return { outcome: refuse('not-found', 'not-own-session', { detail }) }
  }
  await endSession({ sessionId, subject }, deps)
  deps.metrics.sessionsEnded.inc()
  deps.log.info({ subject, sessionId, endedFrom: currentId }, 'session ended by its owner')
  if (!isCurrent) return { outcome: ok(undefined) }
  const setCookies = [...signedOutCookies(deps.cookies), removedTokenCookie(deps.cookies)]
  return { outcome: ok(undefined), setCookies }
}

/** Whoever asks, by a session of ours. */
async function callerOf(
  request: ApiRequest,
  deps: OwnSessionsDeps,
): Promise<Result<Authority, Denial>> {
  const caller = await parentSession(request, undefined, deps)
  if (!caller.ok || caller.value.issuer === deps.issuer) return caller
  const detail = 'This token is of another issuer: its sessions are listed and ended there'
  return refuse('not-allowed', 'foreign-issuer', { detail })
}

function shown(session: SessionRecord, currentId: string): OwnSession {
  const { sessionId, device, createdAtMs, expiresAtMs } = session
  const { clientId, deviceType, ipAddress } = device
  return {
    sessionId,
    isCurrent: sessionId === currentId,
    device: { clientId, deviceType, ipAddress },
    createdAt: new Date(createdAtMs).toISOString(),
    expiresAt: new Date(expiresAtMs).toISOString(),
  }
}
