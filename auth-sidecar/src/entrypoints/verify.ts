// Traefik's forward-auth subrequest, raw HTTP/2 because this is the hot path: headers in, 200 or a denial out.
// Outages and bugs end here as 503, once; nothing else in the sidecar turns an exception into an answer.

import { randomUUID } from 'node:crypto'
import type { Http2SecureServer, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { type Denial, refuse } from '@sallyport/contracts/denials'
import { identityHeader, requestIdHeader } from '@sallyport/contracts/identity-headers'
import { problemAnswer } from '@sallyport/contracts/problem-document'
import { forFixedFields, type Log } from '@sallyport/service-kit/log'
import type { TlsIdentity } from '@sallyport/service-kit/mutual-tls'
import { createRoleHttp2Server } from '@sallyport/service-kit/role-server'
import { createDeadline, type Deadline } from '../handshake/deadline.ts'
import {
  type Decision,
  decideHandshake,
  type Grant,
  type HandshakeDeps,
} from '../handshake/decide-handshake.ts'
import type { HeaderLines } from '../handshake/handshake-request.ts'
import type { Metrics } from '../metrics.ts'
import { logDecision } from './connection-log.ts'

/** Path of the subrequest; everything else on this listener is 404. */
const verifyPath = '/verify'

const identityName = identityHeader.toLowerCase()
const requestIdName = requestIdHeader.toLowerCase()

/** Within this, and a quarter of it, the sidecar has decided or answers 503. */
const decisionDeadlineMs = 2000

export type VerifyDeps = HandshakeDeps & { readonly log: Log; readonly metrics: Metrics }

/** Builds the listener that only Traefik may use. */
export function createVerifyServer(tls: TlsIdentity, given: VerifyDeps): Http2SecureServer {
  const deadline = createDeadline(decisionDeadlineMs)
  const deps = { ...given, connectionLog: forFixedFields(given.log), deadline }
  const onRefused = () => given.metrics.peersRefused.inc({ listener: 'verify' })
  const server = createRoleHttp2Server({ identity: tls, peerRole: 'traefik', onRefused })
  // The fourth argument is Node's documented list of header lines; duplicates are lost in the merged object.
  server.on('stream', ((stream, headers, _flags, lines) => {
    stream.on('error', ignore)
    answer(stream, headers[':path'], lines, deps).catch((error: unknown) => {
      given.log.error({ err: error }, 'a handshake could not be answered')
      stream.destroy()
    })
  }) satisfies OnStream as (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void)
  server.once('close', deadline.close)
  return server
}

type AnswerDeps = VerifyDeps & { readonly connectionLog: Log; readonly deadline: Deadline }

/** The peer went away: there is nobody left to answer. */
const ignore = () => {}

type OnStream = (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  flags: number,
  lines: HeaderLines,
) => void

async function answer(
  stream: ServerHttp2Stream,
  path: string | undefined,
  lines: HeaderLines,
  deps: AnswerDeps,
): Promise<void> {
  const requestId = randomUUID()
  if (path !== verifyPath) return respond(stream, { code: 'not-found', reason: 'path' }, requestId)
  const startedAtMs = performance.now()
  const decision = await decideOrFailClosed(lines, deps, requestId)
  deps.metrics.decisionSeconds.observe((performance.now() - startedAtMs) / 1000)
  const { outcome } = decision
  deps.metrics.handshakes.inc(
    outcome.ok
      ? { outcome: 'allowed', reason: outcome.value.identity.way }
      : { outcome: outcome.error.code, reason: outcome.error.reason },
  )
  logDecision(deps.connectionLog, decision, requestId)
  if (outcome.ok) allow(stream, outcome.value, requestId)
  else respond(stream, outcome.error, requestId)
}

async function decideOrFailClosed(
  lines: HeaderLines,
  deps: AnswerDeps,
  requestId: string,
): Promise<Decision> {
  try {
    return await deps.deadline.within(decideHandshake(lines, deps))
  } catch (error) {
    deps.log.error({ err: error, requestId }, 'handshake could not be decided')
    return { outcome: refuse('unavailable', 'outage', { retryAfterSeconds: 2 }) }
  }
}

function allow(stream: ServerHttp2Stream, grant: Grant, requestId: string): void {
  if (stream.closed || stream.destroyed) return
  stream.respond(
    {
      ':status': 200,
      [identityName]: grant.assertion,
      [requestIdName]: requestId,
      ...(grant.protocol && { 'sec-websocket-protocol': grant.protocol }),
    },
    { endStream: true },
  )
}

function respond(stream: ServerHttp2Stream, denial: Denial, requestId: string): void {
  if (stream.closed || stream.destroyed) return
  const { status, headers, body } = problemAnswer(denial, requestId)
  stream.respond({ ':status': status, ...headers })
  stream.end(body)
}
