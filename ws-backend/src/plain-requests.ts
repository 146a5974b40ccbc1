// Plain requests on the sockets' listener: public health, the probe's good answer, and refusals for everything else.
// Tells nothing internal. Whether an upgrade would be let in, the gate has decided before a probe arrives here.

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Denial } from '@sallyport/contracts/denials'
import { problemAnswer } from '@sallyport/contracts/problem-document'
import { pathOf } from './connection/parse-upgrade.ts'
import { requestIdOf } from './request-id.ts'

type PlainRequestDeps = {
  readonly isDraining: () => boolean
  readonly isFeedConnected: () => boolean
  readonly isProbePath: (path: string) => boolean
}

const healthPath = '/ws/health'

const notFound: Denial = { code: 'not-found', reason: 'unknown-path' }
const notPost: Denial = { code: 'method-not-allowed', reason: 'not-post' }
const draining: Denial = { code: 'unavailable', reason: 'draining', retryAfterSeconds: 1 }

/**
 * Answers `GET /ws/health` and `POST <socket path>/probe`. `degraded` is 200: sockets go on and new ones are still
 * checked one by one, only the swift half of authority is away.
 */
export function createPlainRequestHandler(deps: PlainRequestDeps): RequestListener {
  return (request, response) => {
    // No request here has a body worth reading: a connection that brings one ends with the answer.
    if (hasBody(request)) response.shouldKeepAlive = false
    const path = pathOf(request.url)
    if (request.method === 'GET' && path === healthPath) return answerHealth(response, deps)
    if (!deps.isProbePath(path)) return refuse(request, response, notFound)
    if (request.method !== 'POST')
      return refuse(request, response.setHeader('allow', 'POST'), notPost)
    if (deps.isDraining()) return refuse(request, response, draining)
    response.writeHead(204, { 'cache-control': 'no-store' }).end()
  }
}

function answerHealth(response: ServerResponse, deps: PlainRequestDeps): void {
  const status = statusOf(deps)
  response
    .writeHead(status === 'draining' ? 503 : 200, {
      'content-type': 'application/json',
      'cache-control': 'no-store',
    })
    .end(JSON.stringify({ status }))
}

function refuse(request: IncomingMessage, response: ServerResponse, denial: Denial): void {
  const { status, headers, body } = problemAnswer(denial, requestIdOf(request))
  response.writeHead(status, headers).end(body)
}

function hasBody({ headers }: IncomingMessage): boolean {
  return 'transfer-encoding' in headers || (headers['content-length'] ?? '0') !== '0'
}

function statusOf({
  isDraining,
  isFeedConnected,
}: PlainRequestDeps): 'ok' | 'degraded' | 'draining' {
  if (isDraining()) return 'draining'
  return isFeedConnected() ? 'ok' : 'degraded'
}
