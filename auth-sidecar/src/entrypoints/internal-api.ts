// What backends may ask: the authority feed, and the questions beside it. Raw HTTP/2 over mutual TLS, peer role
// `ws-backend` only. What an answer rests on is `internal-questions.ts` and `serve-feed.ts`.

import type { Http2SecureServer, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { internalPaths } from '@sallyport/contracts/authority-questions'
import type { TlsIdentity } from '@sallyport/service-kit/mutual-tls'
import { createRoleHttp2Server } from '@sallyport/service-kit/role-server'
import type { Metrics } from '../metrics.ts'
import type { ConnectionLog } from './connection-log.ts'
import { createFailClosed } from './fail-closed.ts'
import { createFeedHolders } from './feed-holders.ts'
import { createQuestions, type QuestionDeps } from './internal-questions.ts'
import { createDecisionRecorder } from './record-decision.ts'
import { createFeedServer, type FeedServerDeps } from './serve-feed.ts'
import { serveQuestion } from './serve-question.ts'

export type InternalApiDeps = Omit<QuestionDeps, 'record' | 'failClosed' | 'holders' | 'metrics'> &
  Omit<FeedServerDeps, 'holders' | 'metrics'> & {
    readonly connectionLog: ConnectionLog
    readonly metrics: Metrics
  }

/** Builds the listener for backends. */
export function createInternalServer(tls: TlsIdentity, deps: InternalApiDeps): Http2SecureServer {
  const onRefused = () => deps.metrics.peersRefused.inc({ listener: 'internal' })
  const server = createRoleHttp2Server({ identity: tls, peerRole: 'ws-backend', onRefused })
  const { onStream, close } = createInternalHandler(deps)
  server.on('stream', onStream)
  server.once('close', close)
  return server
}

/** Answers the streams of a listener; which listener, and who may connect to it, is not its business. */
export function createInternalHandler(deps: InternalApiDeps): {
  readonly onStream: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void
  readonly close: () => void
} {
  const failClosed = createFailClosed(deps.log, 'a backend’s question could not be answered')
  const holders = createFeedHolders()
  const record = createDecisionRecorder(deps)
  const questions = createQuestions({ ...deps, failClosed, holders, record })
  const serveFeed = createFeedServer({ ...deps, holders })
  return {
    onStream(stream, headers) {
      stream.on('error', () => {}) // the backend went away; it will come back
      const url = URL.parse(headers[':path'] ?? '', 'https://internal')
      const asked = `${headers[':method']} ${url?.pathname}`
      const question = questions.get(asked)
      if (url && asked === `GET ${internalPaths.feed}`) {
        serveFeed(stream, url.searchParams)
      } else if (question) {
        serveQuestion(stream, question, failClosed).catch(() => stream.destroy())
      } else {
        stream.respond({ ':status': 404 }, { endStream: true })
      }
    },
    close: failClosed.close,
  }
}
