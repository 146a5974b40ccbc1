// What backends may ask: the authority feed (a long answer, one JSON line an event), "are these still good?" and
// "whose token is this?" for a first message. Raw HTTP/2 over mutual TLS, peer role `ws-backend` only.

import { randomUUID } from 'node:crypto'
import type { Http2SecureServer, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import {
  type AuthenticateRequest,
  authenticateRequestSchema,
  checkRequestSchema,
  type FeedLine,
  feedAliveIntervalMs,
  internalPaths,
  maxIdentitiesPerCheck,
} from '@sallyport/contracts/authority-event'
import { maxIdentityBytes } from '@sallyport/contracts/identity-schema'
import { err, ok, type Result } from '@sallyport/contracts/result'
import type { Log } from '@sallyport/service-kit/log'
import type { TlsIdentity } from '@sallyport/service-kit/mutual-tls'
import { createRoleHttp2Server } from '@sallyport/service-kit/role-server'
import type { AuthorityFeed, FeedPosition } from '../authority/authority-feed.ts'
import { type CheckDeps, checkIdentities } from '../authority/check-identities.ts'
import {
  type AuthenticateDeps,
  authenticateAnswer,
  authenticatePending,
} from '../handshake/authenticate-pending.ts'
import type { Metrics } from '../metrics.ts'
import type { ConnectionLog } from './connection-log.ts'
import { createFailClosed, type FailClosed } from './fail-closed.ts'
import { createDecisionRecorder, type DecisionRecorder } from './record-decision.ts'
import { type Question, serveQuestion } from './serve-question.ts'

export type InternalApiDeps = CheckDeps &
  AuthenticateDeps & {
    readonly feed: AuthorityFeed
    readonly log: Log
    readonly connectionLog: ConnectionLog
    readonly metrics: Metrics
  }

/** A reader that lets this much pile up is cut; it comes back and catches up. */
const maxUnreadBytes = 1024 * 1024
/** More than any number of backends that one sidecar serves. */
const maxReaders = 256

/** Room for as many identities of the longest form as a check may name, and for what stands between them. */
const maxCheckBytes = maxIdentitiesPerCheck * (maxIdentityBytes + 64) + 1024

/** Room for the longest token and what stands beside it. */
const maxAuthenticateBytes = 16 * 1024

/** Builds the listener for backends. */
export function createInternalServer(tls: TlsIdentity, deps: InternalApiDeps): Http2SecureServer {
  const onRefused = () => deps.metrics.peersRefused.inc({ listener: 'internal' })
  const server = createRoleHttp2Server({ identity: tls, peerRole: 'ws-backend', onRefused })
  const questions = createInternalHandler(deps)
  server.on('stream', questions.onStream)
  server.once('close', questions.close)
  return server
}

/** Answers the streams of a listener; which listener, and who may connect to it, is not its business. */
export function createInternalHandler(deps: InternalApiDeps): {
  readonly onStream: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void
  readonly close: () => void
} {
  const failClosed = createFailClosed(deps.log, 'a backend’s question could not be answered')
  const questions = questionsOf({ ...deps, failClosed, record: createDecisionRecorder(deps) })
  return {
    onStream(stream, headers) {
      stream.on('error', () => {}) // the backend went away; it will come back
      const url = URL.parse(headers[':path'] ?? '', 'https://internal')
      const route = `${headers[':method']} ${url?.pathname}`
      const question = questions.get(route)
      if (url && route === `GET ${internalPaths.feed}`) {
        serveFeed(stream, url.searchParams, deps)
      } else if (question) {
        serveQuestion(stream, question, failClosed).catch(() => stream.destroy())
      } else {
        stream.respond({ ':status': 404 }, { endStream: true })
      }
    },
    close: failClosed.close,
  }
}

type QuestionDeps = InternalApiDeps & {
  readonly record: DecisionRecorder
  readonly failClosed: FailClosed
}

function questionsOf(deps: QuestionDeps): ReadonlyMap<string, Question> {
  const check: Question = {
    maxBytes: maxCheckBytes,
    async answer(body) {
      const request = checkRequestSchema.safeParse(body)
      if (!request.success) return err(400)
      return ok({ verdicts: await deps.failClosed.within(checkIdentities(request.data, deps)) })
    },
  }
  const authenticate: Question = {
    maxBytes: maxAuthenticateBytes,
    async answer(body) {
      const { data } = authenticateRequestSchema.safeParse(body)
      if (!data) return err(400)
      return answerFirstMessage(data, deps)
    },
  }
  return new Map([
    [`POST ${internalPaths.check}`, check],
    [`POST ${internalPaths.authenticate}`, authenticate],
  ])
}

async function answerFirstMessage(
  request: AuthenticateRequest,
  deps: QuestionDeps,
): Promise<Result<object, 503>> {
  const { clientAddress, origin } = request
  const requestId = randomUUID()
  const startedAtMs = performance.now()
  const deciding = authenticatePending(request, deps)
  const decision = await deps.failClosed.decide(deciding, { clientAddress, origin }, requestId)
  deps.record(decision, requestId, performance.now() - startedAtMs)
  const { outcome } = decision
  // No close for it: the backend knows best what a socket is told when its sidecar cannot say.
  if (!outcome.ok && outcome.error.code === 'unavailable') return err(503)
  return ok(authenticateAnswer(outcome))
}

function serveFeed(stream: ServerHttp2Stream, query: URLSearchParams, deps: InternalApiDeps): void {
  const { feed, metrics } = deps
  if (feed.readers() >= maxReaders) return stream.respond({ ':status': 503 }, { endStream: true })
  stream.respond({ ':status': 200, 'content-type': 'application/x-ndjson' })
  const write = (line: FeedLine) => {
    if (stream.writableLength > maxUnreadBytes) stream.close()
    else stream.write(`${JSON.stringify(line)}\n`)
  }
  const detach = feed.attach(positionOf(query), write)
  const alive = setInterval(
    () => write({ type: 'alive', sequence: feed.sequence() }),
    feedAliveIntervalMs,
  )
  metrics.feedReaders.set(feed.readers())
  deps.log.info({ readers: feed.readers() }, 'a backend listens to the authority feed')
  stream.once('close', () => {
    clearInterval(alive)
    detach()
    metrics.feedReaders.set(feed.readers())
    deps.log.info({ readers: feed.readers() }, 'a backend left the authority feed')
  })
}

function positionOf(query: URLSearchParams): FeedPosition | undefined {
  const epoch = query.get('epoch')
  const sequence = Number(query.get('after') ?? Number.NaN)
  return epoch && Number.isSafeInteger(sequence) ? { epoch, sequence } : undefined
}
