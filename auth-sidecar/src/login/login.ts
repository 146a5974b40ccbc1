// `POST /auth/login`: name and password → session, cookies, token. An earlier session of the same browser ends.
// Who asks for a refresh token keeps no cookies: none is set, and none that came along is looked at or replaced.

import { addressKey } from '@sallyport/contracts/address-key'
import { type Denial, refuse } from '@sallyport/contracts/denials'
import type { LoginAnswer } from '@sallyport/contracts/login-answer'
import { err, ok, type Result } from '@sallyport/contracts/result'
import type { Log } from '@sallyport/service-kit/log'
import { z } from 'zod'
import type { CurrentAuthority } from '../authority/current-authority.ts'
import { type EndSessionDeps, endSession } from '../authority/end-session.ts'
import type { Metrics } from '../metrics.ts'
import { issueRefreshToken } from '../refresh-tokens/issue-refresh-token.ts'
import type { RefreshTokenStore } from '../refresh-tokens/refresh-token-store.ts'
import type { DeviceInfo, SessionRecord, SessionStore } from '../sessions/session-store.ts'
import type { IssueTokenDeps } from '../tokens/issue-token.ts'
import { type ApiAnswer, type ApiRequest, sessionSecretOf } from './api-request.ts'
import { makeLoginAnswer } from './login-answer.ts'
import type { User } from './password-hash.ts'
import { type SignedIn, type SignInDeps, signIn, wrongNameOrPassword } from './password-users.ts'
import { type SessionCookieOptions, signedInCookies } from './session-cookies.ts'
import { type StartedSession, type StartSessionDeps, startSession } from './start-session.ts'
import { freshTokenCookie, type TokenCookie } from './token-cookie.ts'
import { userFingerprint } from './user-fingerprint.ts'

export type LoginDeps = SignInDeps &
  StartSessionDeps &
  EndSessionDeps & {
    readonly currentAuthority: Pick<CurrentAuthority, 'session'>
    readonly sessions: Pick<SessionStore, 'create' | 'ofSubject' | 'remove'>
    readonly refreshTokens: Pick<RefreshTokenStore, 'create'>
    readonly tokens: IssueTokenDeps
    readonly cookies: SessionCookieOptions
    readonly tokenCookie: TokenCookie
    readonly log: Log
    readonly metrics: Pick<Metrics, 'logins'>
  }

const bodySchema = z.object({
  username: z.string().min(1).max(256),
  password: z.string().min(1).max(1024),
  deviceInfo: z
    .object({ clientId: z.string().max(128), deviceType: z.string().max(64) })
    .partial()
    .optional(),
  refreshToken: z.boolean().optional(),
})

/** Signs a user in. Rejects only on an outage. */
export async function login(request: ApiRequest, deps: LoginDeps): Promise<ApiAnswer> {
  const body = bodySchema.safeParse(request.body)
  if (!body.success) {
    const detail = 'Send JSON: {"username": "…", "password": "…"}'
    return { outcome: refuse('malformed-request', 'login-body', { detail }) }
  }
  const { username, password, deviceInfo, refreshToken = false } = body.data
  const { clientAddress } = request
  const signedIn = await signIn(
    { ...request, username, password, addressKey: addressKey(clientAddress) },
    deps,
  )
  if (!signedIn.ok) return refused(signedIn.error, request, deps)
  if (!refreshToken) await endEarlierSession(request, deps)
  const device = {
    clientId: deviceInfo?.clientId ?? '',
    deviceType: deviceInfo?.deviceType ?? 'unknown',
    ipAddress: clientAddress,
  }
  const started = await begin(signedIn.value.user, device, deps)
  if (!started.ok) return refused(started.error, request, deps)
  const { session } = started.value
  const { subject, sessionId } = session
  deps.metrics.logins.inc({ outcome: 'allowed', reason: 'password' })
  deps.log.info({ subject, sessionId, clientAddress }, 'signed in')
  if (refreshToken) return { outcome: ok(await answerWithRefreshToken(session, deps)) }
  return {
    outcome: ok(await makeLoginAnswer(session, deps.tokens)),
    setCookies: await allCookies(started.value, signedIn.value, deps),
  }
}

function refused(denial: Denial, { clientAddress }: ApiRequest, deps: LoginDeps): ApiAnswer {
  const { code, reason } = denial
  deps.metrics.logins.inc({ outcome: code, reason })
  deps.log.info({ clientAddress, code, reason }, 'sign-in refused')
  return { outcome: err(denial) }
}

/** A session of the user as they are now: while the password was checked, the users file may have changed. */
async function begin(
  user: User,
  device: DeviceInfo,
  deps: LoginDeps,
): Promise<Result<StartedSession, Denial>> {
  await endOldestBeyondBound(user.id, deps)
  const fingerprint = userFingerprint(user)
  const started = await startSession({ ...user, userFingerprint: fingerprint }, device, deps)
  const present = deps.users().find(({ id }) => id === user.id)
  if (present && userFingerprint(present) === fingerprint) return ok(started)
  // Whoever follows the file looks for sessions that are begun already; this one they may have missed.
  await endSession(started.session, deps)
  return wrongNameOrPassword('user-changed')
}

async function answerWithRefreshToken(
  session: SessionRecord,
  { tokens, refreshTokens }: LoginDeps,
): Promise<LoginAnswer> {
  const refresh = await issueRefreshToken(session, refreshTokens)
  return { ...(await makeLoginAnswer(session, tokens)), ...refresh }
}

/** Of the session, of its token where a route takes it so, and of the device. */
async function allCookies(
  { session, secret }: StartedSession,
  { user, deviceId }: SignedIn,
  deps: LoginDeps,
): Promise<string[]> {
  const { cookies, tokenCookie, devices, now } = deps
  const token = await freshTokenCookie(session, { tokenCookie, cookies, now })
  return [
    ...signedInCookies(secret, cookies),
    ...(token ? [token.setCookie] : []),
    devices.remember(user, deviceId),
  ]
}

/** Its cookie is about to be overwritten: left alone, it would live on where nobody can end it. */
async function endEarlierSession(request: ApiRequest, deps: LoginDeps): Promise<void> {
  const secret = sessionSecretOf(request, deps.cookies)
  if (!secret.ok || secret.value === undefined) return
  const earlier = await deps.currentAuthority.session(secret.value)
  if (earlier.ok) await endSession(earlier.value, deps)
}

/** One subject's sessions are bounded, or a single account could fill the store and keep everybody out. */
const maxSessionsPerSubject = 100

/** Makes room for one more session of the subject: the oldest end, with their tokens and sockets. */
async function endOldestBeyondBound(subject: string, deps: LoginDeps): Promise<void> {
  const own = await deps.sessions.ofSubject(subject)
  const surplus = Math.max(0, own.length - maxSessionsPerSubject + 1)
  for (const oldest of own.slice(0, surplus)) await endSession(oldest, deps)
}
