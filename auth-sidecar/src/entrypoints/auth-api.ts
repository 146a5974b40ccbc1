// The HTTP API behind Traefik: login, logout, refresh, session, public keys. Handlers only translate;
// every decision is a function elsewhere. What throws becomes 503 in one place, at the end.

import { randomUUID } from 'node:crypto'
import type { Denial } from '@sallyport/contracts/denials'
import { problemAnswer } from '@sallyport/contracts/problem-document'
import type { Log } from '@sallyport/service-kit/log'
import express, {
  type ErrorRequestHandler,
  type Request,
  type RequestHandler,
  type Response,
} from 'express'
import { refusePlainRequest } from '../handshake/refuse-plain-request.ts'
import type { ApiAnswer, ApiRequest } from '../login/api-request.ts'
import { type LoginDeps, login } from '../login/login.ts'
import { type LogoutDeps, logout } from '../login/logout.ts'
import { renew } from '../login/renew.ts'
import { checkSameOrigin } from '../login/same-origin.ts'

export type AuthApiDeps = LoginDeps & LogoutDeps & { readonly allowedOrigins: ReadonlySet<string> }

const maxBodyBytes = 8192

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
  app.all('/ws', refuseAtSocketPath)

  app.use('/auth', requireSameOrigin(deps.allowedOrigins))
  app.use(express.json({ limit: maxBodyBytes, type: 'application/json' }))
  app.post(
    '/auth/login',
    handle((request) => login(request, deps)),
  )
  app.post(
    '/auth/logout',
    handle((request) => logout(request, deps)),
  )
  app.post(
    '/auth/refresh',
    handle((request) => renew(request, deps)),
  )
  app.get(
    '/auth/session',
    handle((request) => renew(request, deps)),
  )

  app.use((_request, response) => deny(response, { code: 'not-found', reason: 'path' }))
  app.use(failClosed(deps.log))
  return app
}

/** Express 5 passes a rejection on to the error handler. */
function handle(answer: (request: ApiRequest) => Promise<ApiAnswer>): RequestHandler {
  return async (request, response) => {
    const { outcome, setCookies } = await answer({
      body: request.body as unknown,
      cookieHeader: request.headers.cookie,
      authorization: request.headers.authorization,
      clientAddress: clientAddress(request),
    })
    if (setCookies) response.setHeader('set-cookie', setCookies)
    if (!outcome.ok) deny(response, outcome.error)
    else if (outcome.value) response.json(outcome.value)
    else response.status(204).end()
  }
}

const refuseAtSocketPath: RequestHandler = (request, response) => {
  const { method, headers } = request
  if (method !== 'GET') response.setHeader('allow', 'GET')
  const version = headers['sec-websocket-version']
  deny(response, refusePlainRequest({ method, upgrade: headers.upgrade, version }))
}

function requireSameOrigin(allowedOrigins: ReadonlySet<string>): RequestHandler {
  return (request, response, next) => {
    const allowed = checkSameOrigin(
      {
        origin: request.headers.origin,
        secFetchSite: request.get('sec-fetch-site'),
        carriesCookie: request.headers.cookie !== undefined,
      },
      request.method !== 'GET',
      allowedOrigins,
    )
    if (allowed.ok) next()
    else deny(response, allowed.error)
  }
}

/** Traefik appends its remote address; nobody but Traefik can connect here. */
function clientAddress(request: Request): string {
  return request.get('x-forwarded-for')?.split(',').at(-1)?.trim() ?? 'unknown'
}

function deny(response: Response, denial: Denial): void {
  const { status, headers, body } = problemAnswer(denial, response.locals['requestId'] as string)
  // Not `send`: it would add a charset, which RFC 9457 does not define for this media type.
  response.writeHead(status, headers).end(body)
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
