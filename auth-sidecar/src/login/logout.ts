// `POST /auth/logout`: ends the session behind the cookie, and the one behind the token, everywhere, at once.

import { authenticationDetails, refuse } from '@sallyport/contracts/denials'
import { err, ok, type Result } from '@sallyport/contracts/result'
import type { Log } from '@sallyport/service-kit/log'
import type { Authority } from '../authority/authority.ts'
import type { AuthorityFault } from '../authority/current-authority.ts'
import { type EndSessionDeps, endSession } from '../authority/end-session.ts'
import { readBearer } from '../credentials/bearer.ts'
import { readTokenCookie, tokenCookieName } from '../credentials/token-cookie.ts'
import type { Metrics } from '../metrics.ts'
import type { PolicySource } from '../policy/policy-source.ts'
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
  readonly policy: Pick<PolicySource, 'current'>
  readonly log: Log
  readonly metrics: Pick<Metrics, 'sessionsEnded'>
}

/**
 * Signs out. Without a live session there is nothing to end, and that is no error, but for a token that came alone:
 * whoever holds nothing else would believe that it is dead. Rejects only on an outage.
 */
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
  // Each is judged by itself: an expired token beside a good cookie must not keep the session alive.
  const settled = await Promise.allSettled([
    bearer.ok && bearer.value ? judgeBearer(bearer.value, deps) : undefined,
    cookieToken.ok && cookieToken.value
      ? byToken(cookieToken.value, { use: 'cookie', audience: undefined })
      : undefined,
    secret.value ? bySession(secret.value) : undefined,
  ])
  const judged = settled.map((each) => (each.status === 'fulfilled' ? each.value : undefined))
  const [byBearer] = judged
  const cameAlone = secret.value === undefined && cookieToken.ok && cookieToken.value === undefined
  if (cameAlone && byBearer?.ok === false) {
    const { invalid: detail } = authenticationDetails
    return { outcome: refuse('invalid-credential', byBearer.error, { detail }) }
  }
  await endAll(judged, deps)
  // What is good has ended; about the rest nobody can tell now, and the caller must not believe that it is dead.
  const outage = settled.find((each) => each.status === 'rejected')
  if (outage) throw outage.reason
  // The device's cookie stays: it proves no identity, and its owner signs in again.
  const setCookies = [...signedOutCookies(deps.cookies), removedTokenCookie(deps.cookies)]
  return { outcome: ok(undefined), setCookies }
}

type Judged = Result<Authority, AuthorityFault>

/** Nobody says at which route a token is used: it is judged for its issuer's audience, then for each that a route asks. */
async function judgeBearer(
  compact: string,
  { currentAuthority, policy }: Pick<LogoutDeps, 'currentAuthority' | 'policy'>,
): Promise<Judged> {
  const { routes } = policy.current().policy
  const audiences = new Set([undefined, ...routes.map(({ audience }) => audience)])
  let judged: Judged = err('token-audience')
  for (const audience of audiences) {
    judged = await currentAuthority.byToken(compact, { use: 'bearer', audience })
    // Anything else is wrong with it whatever it is for.
    if (judged.ok || judged.error !== 'token-audience') return judged
  }
  return judged
}

async function endAll(judged: readonly (Judged | undefined)[], deps: LogoutDeps): Promise<void> {
  const live = judged.flatMap((each) => (each?.ok ? [each.value] : []))
  for (const [sessionId, { subject }] of new Map(live.map((each) => [each.sessionId, each]))) {
    await endSession({ subject, sessionId }, deps)
    deps.metrics.sessionsEnded.inc()
    deps.log.info({ subject, sessionId }, 'signed out')
  }
}
