// `POST /auth/refresh` by a refresh token: the login answer again, with a fresh token and the next refresh token. Each
// is good once. One that is not the current one of its family was stolen, or its thief was first (RFC 9700 4.14.2):
// nobody can tell which, so the whole session ends, however often the other has renewed since. There is no grace for a
// client that lost an answer: a thief would have it, too.

import { addressKey } from '@sallyport/contracts/address-key'
import { authenticationDetails, type Denial, refuse } from '@sallyport/contracts/denials'
import type { LoginAnswer } from '@sallyport/contracts/login-answer'
import { ok, type Result } from '@sallyport/contracts/result'
import type { Log } from '@sallyport/service-kit/log'
import { z } from 'zod'
import { type EndSessionDeps, endSession } from '../authority/end-session.ts'
import { readTokenCookie, tokenCookieName } from '../credentials/token-cookie.ts'
import { type AttemptLimiter, attemptDenial } from '../limits/attempt-limiter.ts'
import { type ApiAnswer, type ApiRequest, sessionSecretOf } from '../login/api-request.ts'
import { makeLoginAnswer } from '../login/login-answer.ts'
import { cookieName, type SessionCookieOptions } from '../login/session-cookies.ts'
import { isSessionLive, type SessionLifeDeps } from '../sessions/is-session-live.ts'
import type { SessionRecord, SessionStore } from '../sessions/session-store.ts'
import type { IssueTokenDeps } from '../tokens/issue-token.ts'
import { issuedRefreshToken } from './issue-refresh-token.ts'
import { createNextRefreshToken, parseRefreshToken, type RefreshToken } from './refresh-token.ts'
import type { RefreshTokenRecord, RefreshTokenStore } from './refresh-token-store.ts'

export type RefreshTokenDeps = EndSessionDeps &
  SessionLifeDeps & {
    readonly refreshTokens: Pick<RefreshTokenStore, 'find' | 'rotate'>
    readonly refreshesByAddress: Pick<AttemptLimiter, 'count'>
    readonly sessions: Pick<SessionStore, 'find' | 'remove'>
    readonly tokens: IssueTokenDeps
    readonly cookies: Pick<SessionCookieOptions, 'name' | 'secure'>
    /** For the metric: an outcome (`allowed` or a denial's code) and its reason, constants both. */
    readonly countRefresh: (outcome: string, reason: string) => void
    readonly log: Log
  }

const bodySchema = z.strictObject({ refreshToken: z.string().max(256) })

/** True when a body is about a refresh token, whether or not it is of the right form. */
export function presentsRefreshToken(body: unknown): boolean {
  return typeof body === 'object' && body !== null && Object.hasOwn(body, 'refreshToken')
}

/** Uses a refresh token up. Rejects only on an outage. */
export async function renewByRefreshToken(
  request: ApiRequest,
  deps: RefreshTokenDeps,
): Promise<ApiAnswer> {
  const renewed = await renew(request, deps)
  const { code, reason } = renewed.ok ? { code: 'allowed', reason: 'fresh' } : renewed.error
  deps.countRefresh(code, reason)
  const { clientAddress } = request
  if (!renewed.ok) deps.log.debug({ clientAddress, code, reason }, 'refresh refused')
  return { outcome: renewed }
}

async function renew(
  request: ApiRequest,
  deps: RefreshTokenDeps,
): Promise<Result<LoginAnswer, Denial>> {
  const body = bodySchema.safeParse(request.body)
  if (!body.success) {
    const detail = 'Send JSON: {"refreshToken": "…"}, and nothing else in it'
    return refuse('malformed-request', 'refresh-body', { detail })
  }
  if (bringsMore(request, deps)) {
    const detail = 'Send a refresh token alone, without a session cookie and without Authorization'
    return refuse('conflicting-credentials', 'beside-a-refresh-token', { detail })
  }
  const byAddress = await deps.refreshesByAddress.count(addressKey(request.clientAddress))
  if (!byAddress.allowed) return attemptDenial(byAddress)

  const presented = parseRefreshToken(body.data.refreshToken)
  return presented ? exchange(presented, request, deps) : invalid('refresh-token-unknown')
}

/** All that an outage can stop comes before the one step that uses the token up: until then it stays good. */
async function exchange(
  presented: RefreshToken,
  request: ApiRequest,
  deps: RefreshTokenDeps,
): Promise<Result<LoginAnswer, Denial>> {
  const { familyHash, secretHash } = presented
  const family = await deps.refreshTokens.find(familyHash)
  if (!family) return invalid('refresh-token-unknown')
  if (family.secretHash !== secretHash) return endFamily(family, request, deps)
  const session = await liveSessionOf(family, deps)
  if (!session.ok) return session
  const answer = await makeLoginAnswer(session.value, deps.tokens)
  const next = createNextRefreshToken(presented)
  const rotation = { familyHash, secretHash, nextSecretHash: next.secretHash }
  const rotated = await deps.refreshTokens.rotate(rotation)
  if (!rotated) return invalid('refresh-token-unknown')
  if (rotated.outcome === 'reused') return endFamily(rotated.record, request, deps)
  return ok({ ...answer, ...issuedRefreshToken(next, session.value) })
}

/** Presence counts, not worth: whoever has a cookie as well must say which of the two is meant. */
function bringsMore(request: ApiRequest, { cookies }: Pick<RefreshTokenDeps, 'cookies'>): boolean {
  const session = sessionSecretOf(request, cookies)
  const name = cookieName(tokenCookieName, cookies.secure)
  const token = readTokenCookie(request.cookieHeader, name)
  const hasCookie = [session, token].some((each) => !each.ok || each.value !== undefined)
  return hasCookie || request.authorization !== undefined
}

/** The session that a family renews, while it lives. */
async function liveSessionOf(
  { sessionSecretHash, sessionId, subject }: RefreshTokenRecord,
  deps: RefreshTokenDeps,
): Promise<Result<SessionRecord, Denial>> {
  const session = await deps.sessions.find(sessionSecretHash)
  const isItsOwn = session?.sessionId === sessionId && session.subject === subject
  if (!session || !isItsOwn) return invalid('session-unknown')
  return (await isSessionLive(session, deps)) ? ok(session) : invalid('revoked')
}

/** Whether the session is still there does not matter: tokens of it may live on where only its cookie was ended. */
async function endFamily(
  { sessionId, subject }: RefreshTokenRecord,
  { clientAddress }: ApiRequest,
  deps: RefreshTokenDeps,
): Promise<Result<never, Denial>> {
  deps.log.warn(
    { subject, sessionId, clientAddress },
    'a refresh token came a second time: its session ends',
  )
  await endSession({ sessionId, subject }, deps)
  return invalid('refresh-token-reused')
}

/** The outside is told one thing for all of them. */
function invalid(reason: string) {
  return refuse('invalid-credential', reason, { detail: authenticationDetails.invalid })
}
