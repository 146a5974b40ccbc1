// The HTTP API behind Traefik: login, logout, refresh, sessions, tickets, public keys. Handlers only translate;
// every decision is a function elsewhere. What throws becomes 503 in one place, at the end.

import type { IncomingHttpHeaders } from 'node:http'
import type { RequestHandler } from 'express'
import { refuseBlocked } from '../handshake/count-attempt.ts'
import { refuseNoProbe, refusePlainRequest } from '../handshake/refuse-plain-request.ts'
import type { ApiAnswer, ApiRequest } from '../login/api-request.ts'
import { answerPreflight, corsHeaders } from '../login/cors.ts'
import { type LoginDeps, login } from '../login/login.ts'
import { type LogoutDeps, logout } from '../login/logout.ts'
import { isForwardedFromLoopback, isLoopbackHost } from '../login/loopback.ts'
import { endOwnSession, listOwnSessions, type OwnSessionsDeps } from '../login/own-sessions.ts'
import { type RefreshDeps, refresh } from '../login/refresh.ts'
import { renew } from '../login/renew.ts'
import { checkSameOrigin } from '../login/same-origin.ts'
import { type IssueTicketDeps, issueTicket } from '../tickets/issue-ticket.ts'
import type { KeyRing } from '../tokens/key-ring.ts'
import {
  createApi,
  deny,
  failClosed,
  parseJson,
  refuseMethod,
  refusePath,
  requireForm,
} from './http-api.ts'

export type AuthApiDeps = LoginDeps &
  LogoutDeps &
  RefreshDeps &
  OwnSessionsDeps &
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
  '/auth/sessions': 'GET, HEAD',
  '/auth/sessions/:id': 'DELETE',
  '/auth/ticket': 'POST',
  '/auth/.well-known/jwks.json': 'GET, HEAD',
} as const

/** Builds the Express application; the caller decides where it listens. */
export function createAuthApi(deps: AuthApiDeps) {
  const app = createApi()
  app.get('/auth/.well-known/jwks.json', (_request, response) => {
    response.setHeader('cache-control', 'public, max-age=300')
    response.json(deps.keyRing.publicKeys)
  })
  app.use(refuseAtSocketPath(deps.policy))

  // The order matters: who may ask, in what form, and only then what is asked.
  app.use('/auth', labelForOrigin(deps.allowedOrigins))
  app.use('/auth', requireSameOrigin(deps.allowedOrigins))
  app.use('/auth', requireForm, parseJson(maxBodyBytes))
  app.post('/auth/login', handle(deps, login))
  app.post('/auth/logout', handle(deps, logout))
  app.post('/auth/refresh', handle(deps, refresh))
  app.get('/auth/session', handle(deps, renew))
  app.get('/auth/sessions', handle(deps, listOwnSessions))
  app.delete('/auth/sessions/:id', (request, ...rest) =>
    handle(deps, (asked) => endOwnSession(asked, request.params.id, deps))(request, ...rest),
  )
  app.post('/auth/ticket', handle(deps, issueTicket))
  for (const [path, allow] of Object.entries(allowedMethods)) app.all(path, refuseMethod(allow))

  app.use(refusePath)
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
