// Traefik's forward-auth subrequests, raw HTTP/2 because this is the hot path: headers in, 200 or a denial out.
// The path says what is asked about which route. Outages and bugs end here as 503, once; nothing else in the sidecar
// turns an exception into an answer.

import { randomUUID } from 'node:crypto'
import type { Http2SecureServer, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import type { Route } from '@sallyport/contracts/policy'
import type { Log } from '@sallyport/service-kit/log'
import type { TlsIdentity } from '@sallyport/service-kit/mutual-tls'
import { createRoleHttp2Server } from '@sallyport/service-kit/role-server'
import { decideHandshake, type HandshakeDeps } from '../handshake/decide-handshake.ts'
import { decideProbe, type ProbeDeps } from '../handshake/decide-probe.ts'
import type { HeaderLines } from '../handshake/header-lines.ts'
import type { Metrics } from '../metrics.ts'
import type { PolicySource } from '../policy/policy-source.ts'
import type { RequestDecision } from '../requests/request-decision.ts'
import type { ConnectionLog } from './connection-log.ts'
import { createFailClosed, type FailClosed } from './fail-closed.ts'
import { createDecisionRecorder, type DecisionRecorder } from './record-decision.ts'
import { allowHandshake, allowProbe, allowRequest, redirect, respond } from './verify-answer.ts'

export type VerifyDeps = Omit<HandshakeDeps, 'policy'> &
  Pick<ProbeDeps, 'probes'> & {
    readonly policy: Pick<PolicySource, 'current'>
    /** Decides a request of an http route; it brings its own dependencies. */
    readonly decideRequest: (lines: HeaderLines, route: Route) => Promise<RequestDecision>
    readonly log: Log
    readonly connectionLog: ConnectionLog
    readonly metrics: Metrics
  }

/** Builds the listener that only Traefik may use. */
export function createVerifyServer(tls: TlsIdentity, deps: VerifyDeps): Http2SecureServer {
  const onRefused = () => deps.metrics.peersRefused.inc({ listener: 'verify' })
  const server = createRoleHttp2Server({ identity: tls, peerRole: 'traefik', onRefused })
  const subrequests = createSubrequestHandler(deps)
  server.on('stream', subrequests.onStream)
  server.once('close', subrequests.close)
  return server
}

type OnStream = (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  flags: number,
  lines: HeaderLines,
) => void

/** Answers the streams of a listener; which listener, and who may connect to it, is not its business. */
export function createSubrequestHandler(given: VerifyDeps): {
  readonly onStream: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void
  readonly close: () => void
} {
  const failClosed = createFailClosed(given.log, 'a subrequest could not be decided')
  const deps = { ...given, failClosed, record: createDecisionRecorder(given) }
  // The fourth argument is Node's documented list of header lines; duplicates are lost in the merged object.
  const onStream = ((stream, headers, _flags, lines) => {
    stream.on('error', ignore)
    answer(stream, headers[':path'] ?? '', lines, deps).catch((error: unknown) => {
      given.log.error({ err: error }, 'a subrequest could not be answered')
      stream.destroy()
    })
  }) satisfies OnStream as (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void
  return { onStream, close: failClosed.close }
}

type AnswerDeps = VerifyDeps & {
  readonly record: DecisionRecorder
  readonly failClosed: FailClosed
}

/** The peer went away: there is nobody left to answer. */
const ignore = () => {}

/** `/verify/<route>`, `/probe/<route>` or `/request/<route>`. */
function answer(
  stream: ServerHttp2Stream,
  path: string,
  lines: HeaderLines,
  deps: AnswerDeps,
): Promise<void> {
  const requestId = randomUUID()
  const slash = path.indexOf('/', 1)
  const route = deps.policy.current().route(path.slice(slash + 1))
  const question = path.slice(0, slash + 1)
  if (route?.kind === 'websocket') {
    if (question === '/verify/') return answerHandshake(stream, lines, route, requestId, deps)
    if (question === '/probe/') return answerProbe(stream, lines, route, requestId, deps)
  }
  if (route?.kind === 'http' && question === '/request/') {
    return answerRequest(stream, lines, route, requestId, deps)
  }
  respond(stream, { code: 'not-found', reason: 'route' }, requestId)
  return done
}

const done = Promise.resolve()

async function answerHandshake(
  stream: ServerHttp2Stream,
  lines: HeaderLines,
  route: Route,
  requestId: string,
  deps: AnswerDeps,
): Promise<void> {
  const startedAtMs = performance.now()
  const deciding = decideHandshake(lines, route, deps)
  const decision = await deps.failClosed.decide(deciding, { route: route.name }, requestId)
  deps.record(decision, requestId, performance.now() - startedAtMs)
  const { outcome } = decision
  if (!outcome.ok) return respond(stream, outcome.error, requestId)
  if (outcome.value.ignored) {
    deps.log.debug({ requestId, reason: outcome.value.ignored }, 'an invalid cookie was ignored')
  }
  allowHandshake(stream, outcome.value, requestId)
}

async function answerProbe(
  stream: ServerHttp2Stream,
  lines: HeaderLines,
  route: Route,
  requestId: string,
  deps: AnswerDeps,
): Promise<void> {
  const deciding = decideProbe(lines, route, deps)
  const { outcome } = await deps.failClosed.decide(deciding, { route: route.name }, requestId)
  const { code, reason } = outcome.ok ? { code: 'allowed', reason: 'probe' } : outcome.error
  deps.metrics.probes.inc({ outcome: code, reason })
  deps.log.debug({ requestId, route: route.name, code, reason }, 'probe answered')
  if (outcome.ok) allowProbe(stream, requestId)
  else respond(stream, outcome.error, requestId)
}

async function answerRequest(
  stream: ServerHttp2Stream,
  lines: HeaderLines,
  route: Route,
  requestId: string,
  deps: AnswerDeps,
): Promise<void> {
  const deciding = deps.decideRequest(lines, route)
  const decision = await deps.failClosed.decide(deciding, { route: route.name }, requestId)
  const { outcome, clientAddress, origin } = decision
  if (outcome.ok) {
    deps.metrics.requests.inc({ outcome: 'allowed', reason: 'request' })
    return allowRequest(stream, outcome.value.headers, requestId)
  }
  if ('redirectTo' in outcome.error) {
    deps.metrics.requests.inc({ outcome: 'redirected', reason: 'login' })
    return redirect(stream, outcome.error.redirectTo, requestId)
  }
  const { error } = outcome
  deps.metrics.requests.inc({ outcome: error.code, reason: error.reason })
  const denied = { ok: false, error } as const
  deps.connectionLog.record(
    { kind: 'request', outcome: denied, route: route.name, clientAddress, origin },
    requestId,
  )
  respond(stream, error, requestId)
}
