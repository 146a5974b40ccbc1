// Plain requests on the sockets' listener: public health, and 404 for everything else. Tells nothing internal.

import type { RequestListener } from 'node:http'
import { problemAnswer } from '@sallyport/contracts/problem-document'
import { pathOf } from './connection/parse-upgrade.ts'
import { requestIdOf } from './request-id.ts'

type HealthDeps = {
  readonly isDraining: () => boolean
  readonly isFeedConnected: () => boolean
}

/**
 * Answers `GET /ws/health`. `degraded` is 200: sockets go on and new ones are still checked one by one, only
 * the swift half of authority is away.
 */
export function createHealthHandler(deps: HealthDeps): RequestListener {
  return (request, response) => {
    if (request.method !== 'GET' || pathOf(request.url) !== '/ws/health') {
      const denial = { code: 'not-found', reason: 'unknown-path' } as const
      const { status, headers, body } = problemAnswer(denial, requestIdOf(request))
      response.writeHead(status, headers).end(body)
      return
    }
    const status = statusOf(deps)
    response
      .writeHead(status === 'draining' ? 503 : 200, {
        'content-type': 'application/json',
        'cache-control': 'no-store',
      })
      .end(JSON.stringify({ status }))
  }
}

function statusOf({ isDraining, isFeedConnected }: HealthDeps): 'ok' | 'degraded' | 'draining' {
  if (isDraining()) return 'draining'
  return isFeedConnected() ? 'ok' : 'degraded'
}
