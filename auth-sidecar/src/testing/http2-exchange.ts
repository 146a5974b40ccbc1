// One HTTP/2 listener without TLS on a free port, and questions to it: for tests of what answers streams.

import { once } from 'node:events'
import {
  type ClientHttp2Session,
  connect,
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export type Answered = {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Starts the listener and one connection to it; `close` ends both. */
export async function startExchange(
  onStream: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
) {
  const server = createServer()
  server.on('stream', onStream)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  return {
    ask: (headers: OutgoingHttpHeaders, body?: string) => ask(session, headers, body),
    close: async () => {
      session.close()
      server.close()
      await once(server, 'close')
    },
  }
}

async function ask(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body: string | undefined,
): Promise<Answered> {
  const stream = session.request(headers, { endStream: body === undefined })
  const answered = once(stream, 'response')
  stream.end(body)
  const [response] = (await answered) as [IncomingHttpHeaders]
  return { status: Number(response[':status']), headers: response, body: await text(stream) }
}
