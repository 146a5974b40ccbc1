// `/healthz` (alive), `/readyz` (ready) and `/metrics` on a port of their own. Never behind Traefik, never public.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Registry } from '@prometheus-io/client'

export type ManagementOptions = {
  readonly host: string
  readonly port: number
  readonly isReady: () => boolean
  readonly metrics: Registry
}

/** Starts the management listener; `close` stops it. */
export async function startManagementServer(options: ManagementOptions) {
  const server = createServer(async (request, response) => {
    const answer = (status: number, body: string, type = 'text/plain; charset=utf-8') =>
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body)
    if (request.method !== 'GET') return answer(405, 'only GET\n')
    if (request.url === '/healthz') return answer(200, 'alive\n')
    if (request.url === '/readyz') {
      return options.isReady() ? answer(200, 'ready\n') : answer(503, 'not ready\n')
    }
    if (request.url === '/metrics') {
      return answer(200, await options.metrics.metrics(), options.metrics.contentType)
    }
    return answer(404, 'try /healthz, /readyz or /metrics\n')
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
