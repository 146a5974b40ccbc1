// `/healthz` (alive), `/readyz` (ready) and `/metrics` on a port of their own. Never behind Traefik, never public.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Registry } from '@prometheus-io/client'
import { closeServer, listen } from './listen.ts'

export type ManagementOptions = {
  readonly host: string
  readonly port: number
  readonly isReady: () => boolean
  readonly metrics: Registry
}

/** Starts the management listener; `close` stops it. */
export async function startManagementServer(options: ManagementOptions) {
  const server = createServer((request, response) => {
    void answerRequest(request, response, options).catch(() => response.destroy())
  })
  const port = await listen(server, options.port, options.host)
  return {
    port,
    close: () => closeServer(server, () => server.closeAllConnections()),
  }
}

async function answerRequest(
  request: IncomingMessage,
  response: ServerResponse,
  { isReady, metrics }: ManagementOptions,
): Promise<void> {
  const answer = (status: number, body: string, type = 'text/plain; charset=utf-8') => {
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body)
  }
  if (request.method !== 'GET') return answer(405, 'only GET\n')
  switch (request.url ?? '') {
    case '/healthz':
      return answer(200, 'alive\n')
    case '/readyz':
      return isReady() ? answer(200, 'ready\n') : answer(503, 'not ready\n')
    case '/metrics':
      return answer(200, await metrics.metrics(), metrics.contentType)
    default:
      return answer(404, 'try /healthz, /readyz or /metrics\n')
  }
}
