// `POST /auth/logout`: ends the session behind the cookie or the token, everywhere, at once.

import { err, ok } from '@sallyport/contracts/result'
import type { Log } from '@sallyport/service-kit/log'
import type { CurrentAuthority } from '../authority/current-authority.ts'
import { type EndSessionDeps, endSession } from '../authority/end-session.ts'
import { readBearer } from '../credentials/bearer.ts'
import { resolveAuthority } from '../handshake/resolve-authority.ts'
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
  const secret = sessionSecretOf(request, deps.cookies)
  if (!secret.ok) return { outcome: err({ code: 'conflicting-credentials', reason: secret.error }) }
  const bearer = readBearer(request.authorization)
  if (!bearer.ok) return { outcome: err({ code: 'invalid-credential', reason: bearer.error }) }
  const resolved = await resolveAuthority(
    {
      ...(bearer.value !== undefined && {
        token: { compact: bearer.value, way: 'authorization' as const },
      }),
      ...(secret.value !== undefined && { sessionSecret: secret.value }),
    },
    deps.currentAuthority,
  )
  if (!resolved.ok && resolved.error.code === 'conflicting-credentials')
    return { outcome: resolved }
  if (resolved.ok) {
    const { subject, sessionId } = resolved.value.authority
    await endSession({ subject, sessionId }, deps)
    deps.metrics.sessionsEnded.inc()
    deps.log.info({ subject, sessionId }, 'signed out')
  }
  return { outcome: ok(undefined), setCookies: signedOutCookies(deps.cookies) }
}
