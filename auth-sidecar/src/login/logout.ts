// `POST /auth/logout`: ends the session behind the cookie, and the one behind the token, everywhere, at once.

import { refuse } from '@sallyport/contracts/denials'
import { ok } from '@sallyport/contracts/result'
import type { Log } from '@sallyport/service-kit/log'
import { type EndSessionDeps, endSession } from '../authority/end-session.ts'
import { readBearer } from '../credentials/bearer.ts'
import { readTokenCookie, tokenCookieName } from '../credentials/token-cookie.ts'
import type { Metrics } from '../metrics.ts'
import {
  type ApiAnswer,
  type ApiRequest,
  type CredentialJudge,
  sessionSecretOf,
} from './api-request.ts'
import { cookieName, type SessionCookieOptions, signedOutCookies } from './session-cookies.ts'
import { removedTokenCookie } from './token-cookie.ts'

export type LogoutDeps = EndSessionDeps & {
  readonly currentAuthority: CredentialJudge
  readonly cookies: SessionCookieOptions
  readonly log: Log
  readonly metrics: Pick<Metrics, 'sessionsEnded'>
}

/** Signs out. Without a live session there is nothing to end, and that is no error. Rejects only on an outage. */
export async function logout(request: ApiRequest, deps: LogoutDeps): Promise<ApiAnswer> {
  const { byToken, bySession } = deps.currentAuthority
  const secret = sessionSecretOf(request, deps.cookies)
  if (!secret.ok) return { outcome: refuse('conflicting-credentials', secret.error) }
  const bearer = readBearer(request.authorization)
  // A header that is no bearer may come from something in between; it must not keep the cookie's session alive.
  if (!bearer.ok && secret.value === undefined) {
    return { outcome: refuse('invalid-credential', bearer.error) }
  }
  const cookieToken = readTokenCookie(
    request.cookieHeader,
    cookieName(tokenCookieName, deps.cookies.secure),
  )
  const tokens = [
    { use: 'bearer', compact: bearer.ok ? bearer.value : undefined },
    { use: 'cookie', compact: cookieToken.ok ? cookieToken.value : undefined },
  ] as const
  // Each is judged by itself: an expired token beside a good cookie must not keep the session alive.
  const judged = [
    ...tokens.map(({ use, compact }) => compact && byToken(compact, { use, audience: undefined })),
    secret.value && bySession(secret.value),
  ]
  const live = (await Promise.all(judged)).flatMap((each) => (each && each.ok ? [each.value] : []))
  for (const [sessionId, { subject }] of new Map(live.map((each) => [each.sessionId, each]))) {
    await endSession({ subject, sessionId }, deps)
    deps.metrics.sessionsEnded.inc()
    deps.log.info({ subject, sessionId }, 'signed out')
  }
  // The device's cookie stays: it proves no identity, and its owner signs in again.
  const setCookies = [...signedOutCookies(deps.cookies), removedTokenCookie(deps.cookies)]
  return { outcome: ok(undefined), setCookies }
}
