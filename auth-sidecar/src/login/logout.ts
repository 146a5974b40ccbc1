// `POST /auth/logout`: ends the session behind the cookie, and the one behind the token, everywhere, at once.

import { refuse } from '@sallyport/contracts/denials'
import { ok } from '@sallyport/contracts/result'
import type { Log } from '@sallyport/service-kit/log'
import type { CurrentAuthority } from '../authority/current-authority.ts'
import { type EndSessionDeps, endSession } from '../authority/end-session.ts'
import { readBearer } from '../credentials/bearer.ts'
import type { Metrics } from '../metrics.ts'
import { type ApiAnswer, type ApiRequest, sessionSecretOf } from './api-request.ts'
import { type SessionCookieOptions, signedOutCookies } from './session-cookies.ts'

export type LogoutDeps = EndSessionDeps & {
  readonly currentAuthority: CurrentAuthority
  readonly cookies: SessionCookieOptions
  readonly log: Log
  readonly metrics: Pick<Metrics, 'sessionsEnded'>
}

/** Signs out. Without a live session there is nothing to end, and that is no error. Rejects only on an outage. */
export async function logout(request: ApiRequest, deps: LogoutDeps): Promise<ApiAnswer> {
  const { currentAuthority } = deps
  const secret = sessionSecretOf(request, deps.cookies)
  if (!secret.ok) return { outcome: refuse('conflicting-credentials', secret.error) }
  const bearer = readBearer(request.authorization)
  // A header that is no bearer may come from something in between; it must not keep the cookie's session alive.
  if (!bearer.ok && secret.value === undefined) {
    return { outcome: refuse('invalid-credential', bearer.error) }
  }
  const token = bearer.ok ? bearer.value : undefined
  const judged = [
    token === undefined ? undefined : await currentAuthority.byToken(token),
    secret.value === undefined ? undefined : await currentAuthority.bySession(secret.value),
  ]
  // Each is judged by itself: an expired token beside a good cookie must not keep the session alive.
  const live = judged.flatMap((authority) => (authority?.ok ? [authority.value] : []))
  for (const [sessionId, { subject }] of new Map(live.map((each) => [each.sessionId, each]))) {
    await endSession({ subject, sessionId }, deps)
    deps.metrics.sessionsEnded.inc()
    deps.log.info({ subject, sessionId }, 'signed out')
  }
  return { outcome: ok(undefined), setCookies: signedOutCookies(deps.cookies) }
}
