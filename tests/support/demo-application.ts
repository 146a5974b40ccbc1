// An application behind the gate: answers every request with what it got, and remembers that it was reached.

import { createServer, type IncomingHttpHeaders } from 'node:http'

/** One request as the application saw it. */
export type Seen = {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
}

export type DemoApplication = {
  readonly url: string
  readonly seen: readonly Seen[]
  readonly close: () => Promise<void>
}

/** Starts it on a port of the system's choice. */
export async function startDemoApplication(): Promise<DemoApplication> {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request
    seen.push({ method, url, headers })
    response.writeHead(200, {
      'content-type': 'application/json',
      'clear-site-data': '"*"',
      'service-worker-allowed': '/',
    })
    response.end(JSON.stringify({ method, url, headers }))
  })
  server.on('upgrade', (request, socket) => {
    seen.push({ method: 'UPGRADE', url: request.url ?? '', headers: request.headers })
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
