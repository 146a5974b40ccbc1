// The operator's API behind Traefik's management entry point: revocations, connections, sessions; and `/ready`, which
// is for anybody. Handlers only translate, every decision is a function of `admin/`. No page of a browser may call it.

import type { Denial } from '@sallyport/contracts/denials'
import type { Result } from '@sallyport/contracts/result'
import type { Log } from '@sallyport/service-kit/log'
import type { RequestHandler } from 'express'
import type { AdminScope, AdminToken } from '../admin/admin-tokens.ts'
import type { AdminCaller } from '../admin/audited.ts'
import {
  type AuthenticateAdminDeps,
  authenticateAdmin,
  requireScopes,
} from '../admin/authenticate-admin.ts'
import {
  asksForSession,
  type EndConnectionDeps,
  endConnection,
  listConnections,
} from '../admin/connections.ts'
import { readQuery } from '../admin/read-query.ts'
import { type RevokeDeps, revoke } from '../admin/revoke.ts'
import { type AdminSessionsDeps, endSessionOf, listSessions } from '../admin/sessions.ts'
import {
  createApi,
  deny,
  failClosed,
  parseStrictJson,
  refuseMethod,
  refusePath,
  requireForm,
} from './http-api.ts'

export type AdminApiDeps = AuthenticateAdminDeps &
  RevokeDeps &
  EndConnectionDeps &
  AdminSessionsDeps & {
    /** Whether this sidecar can serve now. */
    readonly isReady: () => boolean
    /** The client's address by `X-Forwarded-For`; undefined when it tells none. */
    readonly clientAddressOf: (xForwardedFor: string) => string | undefined
    readonly log: Log
  }

const maxBodyBytes = 8192

const allowedMethods = {
  '/admin/revocations': 'POST',
  '/admin/connections': 'GET, HEAD',
  '/admin/connections/:id': 'DELETE',
  '/admin/sessions': 'GET, HEAD',
  '/admin/sessions/:id': 'DELETE',
} as const

/** Builds the Express application; the caller decides where it listens. */
export function createAdminApi(deps: AdminApiDeps) {
  const app = createApi()
  app.get('/ready', (_request, response) => {
    const ready = deps.isReady()
    response.status(ready ? 200 : 503).json({ ready })
  })
  app.all('/ready', refuseMethod('GET, HEAD'))

  // The order matters: no page, in what form, who; only then is a body parsed and looked at what is asked.
  app.use('/admin', refusePages, requireForm, requireAdmin(deps), parseStrictJson(maxBodyBytes))
  addEndpoints(app, deps)
  for (const [path, allow] of Object.entries(allowedMethods)) app.all(path, refuseMethod(allow))

  app.use(refusePath)
  app.use(failClosed(deps.log))
  return app
}

function addEndpoints(app: ReturnType<typeof createApi>, deps: AdminApiDeps): void {
  const reads = () => ['connections:read'] as const
  const revokes = () => ['revoke'] as const
  const ends = ({ query }: AdminRequest) =>
    asksForSession(query)
      ? (['connections:end', 'revoke'] as const)
      : (['connections:end'] as const)

  app.post(
    '/admin/revocations',
    handle(deps, revokes, async ({ body, query, caller }) => {
      const none = readQuery(query, {})
      return none.ok ? revoke(body, caller, deps) : none
    }),
  )
  app.get(
    '/admin/connections',
    handle(deps, reads, ({ query, caller }) => listConnections(query, caller, deps)),
  )
  app.delete(
    '/admin/connections/:id',
    handle(deps, ends, ({ id, query, caller }) => endConnection({ id, query }, caller, deps)),
  )
  app.get(
    '/admin/sessions',
    handle(deps, reads, ({ query, caller }) => listSessions(query, caller, deps)),
  )
  app.delete(
    '/admin/sessions/:id',
    handle(deps, revokes, ({ id, query, caller }) => endSessionOf({ id, query }, caller, deps)),
  )
}

/** What an endpoint is told. */
type AdminRequest = {
  readonly body: unknown
  readonly query: URLSearchParams
  /** Of the address; empty where it has none. */
  readonly id: string
  readonly caller: AdminCaller
}

type Operator = { readonly token: AdminToken; readonly caller: AdminCaller }

/** Express 5 passes a rejection on to the error handler. */
function handle(
  { audit }: Pick<AdminApiDeps, 'audit'>,
  scopesOf: (request: AdminRequest) => readonly AdminScope[],
  answer: (request: AdminRequest) => Promise<Result<object | undefined, Denial>>,
): RequestHandler {
  return async (request, response) => {
    const { token, caller } = response.locals['operator'] as Operator
    const { searchParams: query } = new URL(request.url, 'https://admin')
    const { method, path, params } = request
    const { id = '' } = params as { readonly id?: string }
    const given = { body: request.body as unknown, query, id, caller }
    const mayAsk = requireScopes(token, scopesOf(given))
    if (!mayAsk.ok) {
      const { code } = mayAsk.error
      await audit.record({ ...caller, action: 'ask', target: { method, path }, outcome: code })
      return deny(response, mayAsk.error)
    }
    const outcome = await answer(given)
    if (!outcome.ok) deny(response, outcome.error)
    else if (outcome.value) response.json(outcome.value)
    else response.status(204).end()
  }
}

/**
 * Browsers name the page behind everything that changes something, and say of the rest (an image, a link, a page's own
 * `fetch`) how near its page is; only what the operator typed into the address bar has none (`none`). No page may call,
 * and none has a token. Refused before anything is counted: a page must not use up the failures of its reader's address.
 */
const refusePages: RequestHandler = ({ headers }, response, next) => {
  const { origin, 'sec-fetch-site': site = 'none' } = headers
  if (origin === undefined && site === 'none') return next()
  const header = origin === undefined ? 'Sec-Fetch-Site' : 'Origin'
  const detail = `No page may operate the gate: send no ${header}`
  deny(response, { code: 'origin-not-allowed', reason: 'page', detail })
}

function requireAdmin(deps: AdminApiDeps): RequestHandler {
  return async (request, response, next) => {
    const clientAddress = deps.clientAddressOf(request.get('x-forwarded-for') ?? '')
    if (clientAddress === undefined) {
      return deny(response, { code: 'malformed-request', reason: 'client-address' })
    }
    const { authorization } = request.headers
    const admin = await authenticateAdmin({ authorization, clientAddress }, deps)
    const requestId = response.locals['requestId'] as string
    if (!admin.ok) {
      const { code } = admin.error
      deps.metrics.adminActions.inc({ action: 'authenticate', outcome: code })
      // Over the limit there is no line for each: whoever floods must not fill the log.
      const level = code === 'rate-limited' ? 'debug' : 'warn'
      deps.log[level]({ clientAddress, code, requestId }, 'operator not known')
      return deny(response, admin.error)
    }
    const caller = { who: admin.value.name, requestId, clientAddress }
    response.locals['operator'] = { token: admin.value, caller } satisfies Operator
    next()
  }
}
