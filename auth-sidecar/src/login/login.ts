// `POST /auth/login`: name and password → session, cookies, token. An earlier session of the same browser ends.

import { addressKey } from '@sallyport/contracts/address-key'
import { refuse } from '@sallyport/contracts/denials'
import { ok } from '@sallyport/contracts/result'
import type { Log } from '@sallyport/service-kit/log'
import { z } from 'zod'
import type { CurrentAuthority } from '../authority/current-authority.ts'
import { type EndSessionDeps, endSession } from '../authority/end-session.ts'
import type { Metrics } from '../metrics.ts'
import type { SessionStore } from '../sessions/session-store.ts'
import type { IssueTokenDeps } from '../tokens/issue-token.ts'
import { type ApiAnswer, type ApiRequest, sessionSecretOf } from './api-request.ts'
import { makeLoginAnswer } from './login-answer.ts'
import { type SignedIn, type SignInDeps, signIn } from './password-users.ts'
import { type SessionCookieOptions, signedInCookies } from './session-cookies.ts'
import { type StartedSession, type StartSessionDeps, startSession } from './start-session.ts'
import { type TokenCookie, tokenCookies } from './token-cookie.ts'

export type LoginDeps = SignInDeps &
  StartSessionDeps &
  EndSessionDeps & {
    readonly currentAuthority: Pick<CurrentAuthority, 'session'>
    readonly sessions: Pick<SessionStore, 'create' | 'ofSubject' | 'remove'>
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
})

/** Signs a user in. Rejects only on an outage. */
export async function login(request: ApiRequest, deps: LoginDeps): Promise<ApiAnswer> {
  const body = bodySchema.safeParse(request.body)
  if (!body.success) {
    const detail = 'Send JSON: {"username": "…", "password": "…"}'
    return { outcome: refuse('malformed-request', 'login-body', { detail }) }
  }
  const { username, password, deviceInfo } = body.data
  const { clientAddress } = request
  const signedIn = await signIn(
    { ...request, username, password, addressKey: addressKey(clientAddress) },
    deps,
  )
  if (!signedIn.ok) {
    const { code, reason } = signedIn.error
    deps.metrics.logins.inc({ outcome: code, reason })
    deps.log.info({ clientAddress, code, reason }, 'sign-in refused')
    return { outcome: signedIn }
  }
  const { user } = signedIn.value
  await endEarlierSession(request, deps)
  await endOldestBeyondBound(user.id, deps)
  const device = {
    clientId: deviceInfo?.clientId ?? '',
    deviceType: deviceInfo?.deviceType ?? 'unknown',
    ipAddress: clientAddress,
  }
  const started = await startSession(user, device, deps)
  const { subject, sessionId } = started.session
  deps.metrics.logins.inc({ outcome: 'allowed', reason: 'password' })
  deps.log.info({ subject, sessionId, clientAddress }, 'signed in')
  return {
    outcome: ok(await makeLoginAnswer(started.session, deps.tokens)),
    setCookies: await allCookies(started, signedIn.value, deps),
  }
}

/** Of the session, of its token where a route takes it so, and of the device. */
async function allCookies(
  { session, secret }: StartedSession,
  { user, deviceId }: SignedIn,
  deps: LoginDeps,
): Promise<string[]> {
  const { cookies, tokenCookie, devices, now } = deps
  return [
    ...signedInCookies(secret, cookies),
    ...(await tokenCookies(session, { tokenCookie, cookies, now })),
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
