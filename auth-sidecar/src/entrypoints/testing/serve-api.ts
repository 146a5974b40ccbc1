// An HTTP API on a port of its own, and questions to it header by header. Test code only.

import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type RequestListener,
} from 'node:http'
import type { AddressInfo } from 'node:net'

export type Headers = Record<string, string | string[]>
export type Asked = { method?: string; headers?: Headers; body?: string }
export type Answer = { status: number; headers: IncomingHttpHeaders; body: string }

/** Serves the API; `ask` sends what Traefik would, as `POST` unless told otherwise. */
export async function serveApi(listener: RequestListener) {
  const server = createServer(listener)
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  function ask(path: string, { method = 'POST', headers = {}, body }: Asked = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest({ port, path, method, agent: false })
      outgoing.setHeader('x-forwarded-for', '203.0.113.9')
      for (const [name, value] of Object.entries(headers)) outgoing.setHeader(name, value)
      outgoing.on('error', reject).on('response', (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
        )
      })
      outgoing.end(body)
    })
  }

  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { ask, close }
}
