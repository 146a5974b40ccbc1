// The HTTP API behind Traefik: login, logout, refresh, session, tickets, public keys. Handlers only translate;
// every decision is a function elsewhere. What throws becomes 503 in one place, at the end.

import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Denial } from '@sallyport/contracts/denials'
import { problemAnswer } from '@sallyport/contracts/problem-document'
import type { Log } from '@sallyport/service-kit/log'
import express, { type ErrorRequestHandler, type RequestHandler, type Response } from 'express'
import { refuseBlocked } from '../handshake/count-attempt.ts'
import { refuseNoProbe, refusePlainRequest } from '../handshake/refuse-plain-request.ts'
import type { ApiAnswer, ApiRequest } from '../login/api-request.ts'
import { answerPreflight, corsHeaders } from '../login/cors.ts'
import { type LoginDeps, login } from '../login/login.ts'
import { type LogoutDeps, logout } from '../login/logout.ts'
import { isForwardedFromLoopback, isLoopbackHost } from '../login/loopback.ts'
import { renew } from '../login/renew.ts'
import { checkRequestForm } from '../login/request-form.ts'
import { checkSameOrigin } from '../login/same-origin.ts'
import { type IssueTicketDeps, issueTicket } from '../tickets/issue-ticket.ts'
import type { KeyRing } from '../tokens/key-ring.ts'

export type AuthApiDeps = LoginDeps &
  LogoutDeps &
  IssueTicketDeps & {
    readonly allowedOrigins: ReadonlySet<string>
    readonly keyRing: Pick<KeyRing, 'publicKeys'>
    /** The client's address by `X-Forwarded-For`; undefined when it tells none. */
    readonly clientAddressOf: (xForwardedFor: string) => string | undefined
  }

const maxBodyBytes = 8192

const allowedMethods = {
  '/auth/login': 'POST',
  '/auth/logout': 'POST',
  '/auth/refresh': 'POST',
  '/auth/session': 'GET, HEAD',
  '/auth/ticket': 'POST',
  '/auth/.well-known/jwks.json': 'GET, HEAD',
} as const

/** Builds the Express application; the caller decides where it listens. */
export function createAuthApi(deps: AuthApiDeps) {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('query parser', false)
  app.set('case sensitive routing', true)
  app.set('strict routing', true)
  app.use((_request, response, next) => {
    response.locals['requestId'] = randomUUID()
    response.setHeader('cache-control', 'no-store')
    next()
  })

  app.get('/auth/.well-known/jwks.json', (_request, response) => {
    response.setHeader('cache-control', 'public, max-age=300')
    response.json(deps.keyRing.publicKeys)
  })
  app.use(refuseAtSocketPath(deps.policy))

  // The order matters: who may ask, in what form, and only then what is asked.
  app.use('/auth', labelForOrigin(deps.allowedOrigins))
  app.use('/auth', requireSameOrigin(deps.allowedOrigins))
  app.use('/auth', requireForm, express.json({ limit: maxBodyBytes, strict: true, inflate: false }))
  app.post('/auth/login', handle(deps, login))
  app.post('/auth/logout', handle(deps, logout))
  app.post('/auth/refresh', handle(deps, renew))
  app.get('/auth/session', handle(deps, renew))
  app.post('/auth/ticket', handle(deps, issueTicket))
  for (const [path, allow] of Object.entries(allowedMethods)) app.all(path, refuseMethod(allow))

  app.use((_request, response) => deny(response, { code: 'not-found', reason: 'path' }))
  app.use(failClosed(deps.log))
  return app
}

/** Express 5 passes a rejection on to the error handler. */
function handle(
  deps: AuthApiDeps,
  answer: (request: ApiRequest, deps: AuthApiDeps) => Promise<ApiAnswer<object>>,
): RequestHandler {
  return async (request, response) => {
    const { body, headers } = request
    const forwardedFor = request.get('x-forwarded-for')
    const clientAddress = deps.clientAddressOf(forwardedFor ?? '')
    if (clientAddress === undefined) {
      return deny(response, { code: 'malformed-request', reason: 'client-address' })
    }
    const open = refuseBlocked(deps.policy.current().addressKind(clientAddress))
    if (!open.ok) return deny(response, open.error)
    const { outcome, setCookies = [] } = await answer(
      {
        body: body as unknown,
        cookieHeader: headers.cookie,
        authorization: headers.authorization,
        origin: headers.origin,
        clientAddress,
        isFromLoopback: isForwardedFromLoopback(forwardedFor) && isAskedAsLoopback(headers),
      },
      deps,
    )
    if (setCookies.length > 0) response.setHeader('set-cookie', setCookies)
    if (!outcome.ok) deny(response, outcome.error)
    else if (outcome.value) response.json(outcome.value)
    else response.status(204).end()
  }
}

/** Behind a tunnel the peer is this machine, whoever asks: what was asked for then has the tunnel's name. */
function isAskedAsLoopback(headers: IncomingHttpHeaders): boolean {
  const hosts = [headers['x-forwarded-host'] ?? [], headers.host ?? []].flat()
  return hosts.length > 0 && hosts.every(isLoopbackHost)
}

/** What stands at a socket's path or its probe's but is neither comes here: 400, 405 or 426. */
function refuseAtSocketPath(policy: AuthApiDeps['policy']): RequestHandler {
  return (request, response, next) => {
    const { method, headers, path } = request
    const { routes } = policy.current().policy
    const isTaken = (tail: string) =>
      routes.some((route) => route.kind === 'websocket' && `${route.path}${tail}` === path)
    if (isTaken('')) {
      if (method !== 'GET') response.setHeader('allow', 'GET')
      const version = headers['sec-websocket-version']
      return deny(response, refusePlainRequest({ method, upgrade: headers.upgrade, version }))
    }
    if (!isTaken('/probe')) return next()
    if (method !== 'POST') response.setHeader('allow', 'POST')
    deny(response, refuseNoProbe(method))
  }
}

/** The address is right and the method is not. */
function refuseMethod(allow: string): RequestHandler {
  return (_request, response) => {
    response.setHeader('allow', allow)
    deny(response, { code: 'method-not-allowed', reason: 'method', detail: `Use ${allow}` })
  }
}

function labelForOrigin(allowedOrigins: ReadonlySet<string>): RequestHandler {
  return (request, response, next) => {
    const { method, headers } = request
    const { origin } = headers
    response.set(corsHeaders(origin, allowedOrigins))
    const requestedMethod = headers['access-control-request-method']
    const preflight = answerPreflight({ method, origin, requestedMethod }, allowedOrigins)
    if (!preflight) next()
    else if (preflight.ok) response.set(preflight.value).status(204).end()
    else deny(response, preflight.error)
  }
}

function requireSameOrigin(allowedOrigins: ReadonlySet<string>): RequestHandler {
  return ({ method, headers }, response, next) => {
    const { origin, cookie, 'sec-fetch-site': secFetchSite } = headers
    const allowed = checkSameOrigin(
      { origin, secFetchSite, carriesCookie: cookie !== undefined },
      method !== 'GET',
      allowedOrigins,
    )
    if (allowed.ok) next()
    else deny(response, allowed.error)
  }
}

const requireForm: RequestHandler = ({ rawHeaders, headers }, response, next) => {
  const { 'content-type': contentType, 'content-length': length } = headers
  const hasBody = headers['transfer-encoding'] !== undefined || (length ?? '0') !== '0'
  const checked = checkRequestForm({ rawHeaders, contentType, hasBody })
  if (checked.ok) next()
  else deny(response, checked.error)
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
