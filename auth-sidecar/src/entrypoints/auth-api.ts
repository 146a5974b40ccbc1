// The HTTP API behind Traefik: login, logout, refresh, session, public keys. Handlers only translate;
// every decision is a function elsewhere. What throws becomes 503 in one place, at the end.

import { randomUUID } from 'node:crypto'
import type { Denial } from '@sallyport/contracts/denials'
import type { LoginAnswer } from '@sallyport/contracts/login-answer'
import { problemAnswer } from '@sallyport/contracts/problem-document'
import type { Result } from '@sallyport/contracts/result'
import type { Log } from '@sallyport/service-kit/log'
import express, { type ErrorRequestHandler, type Request, type Response } from 'express'
import { z } from 'zod'
import type { CurrentAuthority } from '../authority/current-authority.ts'
import { type EndSessionDeps, endSession } from '../authority/end-session.ts'
import { readBearer } from '../credentials/bearer.ts'
import { readSessionCookie } from '../credentials/session-cookie.ts'
import { refusePlainRequest } from '../handshake/refuse-plain-request.ts'
import { resolveAuthority } from '../handshake/resolve-authority.ts'
import { addressKey } from '../limits/client-address.ts'
import { type SignInDeps, signIn } from '../login/password-users.ts'
import { checkSameOrigin } from '../login/same-origin.ts'
import {
  cookieName,
  type SessionCookieOptions,
  signedInCookies,
  signedOutCookies,
} from '../login/session-cookies.ts'
import { type StartSessionDeps, startSession } from '../login/start-session.ts'
import type { Metrics } from '../metrics.ts'
import type { SessionRecord } from '../sessions/session-store.ts'
import { type IssueTokenDeps, issueToken } from '../tokens/issue-token.ts'

export type AuthApiDeps = SignInDeps &
  StartSessionDeps &
  EndSessionDeps & {
    readonly currentAuthority: CurrentAuthority
    readonly tokens: IssueTokenDeps
    readonly cookies: SessionCookieOptions
    readonly allowedOrigins: ReadonlySet<string>
    readonly log: Log
    readonly metrics: Metrics
  }

const maxBodyBytes = 8192

const loginSchema = z.object({
  username: z.string().min(1).max(256),
  password: z.string().min(1).max(1024),
  deviceInfo: z
    .object({ clientId: z.string().max(128), deviceType: z.string().max(64) })
    .partial()
    .optional(),
})

/** Builds the Express application; the caller decides where it listens. */
export function createAuthApi(deps: AuthApiDeps) {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('query parser', false)
  app.use((_request, response, next) => {
    response.locals['requestId'] = randomUUID()
    response.setHeader('cache-control', 'no-store')
    next()
  })

  app.get('/auth/.well-known/jwks.json', (_request, response) => {
    response.setHeader('cache-control', 'public, max-age=300')
    response.json(deps.tokens.keyRing.publicKeys)
  })
  app.all('/ws', (request, response) => {
    const { method, headers } = request
    const version = headers['sec-websocket-version']
    if (method !== 'GET') response.setHeader('allow', 'GET')
    deny(response, refusePlainRequest({ method, upgrade: headers.upgrade, version }))
  })

  app.use('/auth', (request, response, next) => {
    const allowed = checkSameOrigin(
      {
        origin: request.headers.origin,
        secFetchSite: request.get('sec-fetch-site'),
        carriesCookie: request.headers.cookie !== undefined,
      },
      request.method !== 'GET',
      deps.allowedOrigins,
    )
    if (allowed.ok) next()
    else deny(response, allowed.error)
  })
  const parseJson = express.json({ limit: maxBodyBytes, type: 'application/json' })
  app.post('/auth/login', parseJson, (request, response) => login(request, response, deps))
  app.post('/auth/logout', (request, response) => logout(request, response, deps))
  app.post('/auth/refresh', (request, response) => renew(request, response, deps))
  app.get('/auth/session', (request, response) => renew(request, response, deps))

  app.use((_request, response) => deny(response, { code: 'not-found', reason: 'path' }))
  app.use(failClosed(deps.log))
  return app
}

async function login(request: Request, response: Response, deps: AuthApiDeps): Promise<void> {
  const body = loginSchema.safeParse(request.body)
  if (!body.success) {
    const detail = 'Send JSON: {"username": "…", "password": "…"}'
    return deny(response, { code: 'malformed-request', reason: 'login-body', detail })
  }
  const { username, password, deviceInfo } = body.data
  const ipAddress = clientAddress(request)
  const user = await signIn({ username, password, addressKey: addressKey(ipAddress) }, deps)
  deps.metrics.logins.inc(
    user.ok
      ? { outcome: 'allowed', reason: 'password' }
      : { outcome: user.error.code, reason: user.error.reason },
  )
  if (!user.ok) {
    deps.log.info({ clientAddress: ipAddress, reason: user.error.reason }, 'sign-in refused')
    return deny(response, user.error)
  }
  const earlier = await sessionOfCookie(request, deps)
  if (earlier?.ok) await endSession(earlier.value, deps)
  const device = {
    clientId: deviceInfo?.clientId ?? '',
    deviceType: deviceInfo?.deviceType ?? 'unknown',
    ipAddress,
  }
  const { session, secret } = await startSession(user.value, device, deps)
  const { subject, sessionId } = session
  deps.log.info({ subject, sessionId, clientAddress: ipAddress }, 'signed in')
  response.setHeader('set-cookie', signedInCookies(secret, deps.cookies))
  response.json(await loginAnswer(session, deps))
}

/** Ends the session behind the cookie or the token. Without a live one there is nothing to end, and that is said. */
async function logout(request: Request, response: Response, deps: AuthApiDeps): Promise<void> {
  const cookie = readCookie(request, deps)
  const bearer = readBearer(request.headers.authorization)
  if (!cookie.ok) return deny(response, { code: 'conflicting-credentials', reason: cookie.error })
  if (!bearer.ok) return deny(response, { code: 'invalid-credential', reason: bearer.error })
  const resolved = await resolveAuthority(
    {
      ...(bearer.value !== undefined && {
        token: { compact: bearer.value, way: 'authorization' as const },
      }),
      ...(cookie.value !== undefined && { sessionSecret: cookie.value }),
    },
    deps.currentAuthority,
  )
  if (!resolved.ok && resolved.error.code === 'conflicting-credentials') {
    return deny(response, resolved.error)
  }
  if (resolved.ok) {
    const { subject, sessionId } = resolved.value.authority
    await endSession({ subject, sessionId }, deps)
    deps.metrics.sessionsEnded.inc()
    deps.log.info({ subject, sessionId }, 'signed out')
  }
  response.setHeader('set-cookie', signedOutCookies(deps.cookies))
  response.status(204).end()
}

/** The login answer again, with a fresh token, for the session behind the cookie. */
async function renew(request: Request, response: Response, deps: AuthApiDeps): Promise<void> {
  const session = await sessionOfCookie(request, deps)
  if (!session) {
    const detail = 'No session cookie found'
    return deny(response, { code: 'authentication-required', reason: 'no-cookie', detail })
  }
  if (session.ok) {
    response.json(await loginAnswer(session.value, deps))
    return
  }
  response.setHeader('set-cookie', signedOutCookies(deps.cookies))
  deny(response, { code: 'invalid-credential', reason: session.error, detail: 'Invalid session' })
}

async function loginAnswer(session: SessionRecord, deps: AuthApiDeps): Promise<LoginAnswer> {
  const token = await issueToken(session, deps.tokens)
  return {
    user: { id: session.subject, username: session.username },
    token: token.compact,
    expiresAt: new Date(token.expiresAtMs).toISOString(),
    expiresInMs: token.expiresAtMs - deps.now(),
    sessionId: session.sessionId,
  }
}

/** The session behind the cookie; undefined when there is no cookie. */
async function sessionOfCookie(
  request: Request,
  deps: AuthApiDeps,
): Promise<Result<SessionRecord, string> | undefined> {
  const secret = readCookie(request, deps)
  if (!secret.ok) return secret
  return secret.value === undefined ? undefined : deps.currentAuthority.session(secret.value)
}

function readCookie(request: Request, { cookies }: AuthApiDeps) {
  return readSessionCookie(request.headers.cookie, cookieName(cookies.name, cookies.secure))
}

/** Traefik appends its remote address; nobody but Traefik can connect here. */
function clientAddress(request: Request): string {
  return request.get('x-forwarded-for')?.split(',').at(-1)?.trim() ?? 'unknown'
}

function deny(response: Response, denial: Denial): void {
  const { status, headers, body } = problemAnswer(denial, response.locals['requestId'] as string)
  response.status(status).set(headers).send(body)
}

function failClosed(log: Log): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    if (response.headersSent) return next(error)
    const status = (error as { status?: unknown }).status
    if (typeof status === 'number' && status >= 400 && status < 500) {
      return deny(response, { code: 'malformed-request', reason: 'body' })
    }
    log.error({ err: error, requestId: response.locals['requestId'] }, 'request failed')
    deny(response, { code: 'unavailable', reason: 'outage', retryAfterSeconds: 2 })
  }
}
