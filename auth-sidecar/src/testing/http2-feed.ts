// One HTTP/2 listener without TLS, and readers of a long answer of it, line by line. Test code only.

import { once } from 'node:events'
import { connect, createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'

export type FeedClient = {
  readonly status: number
  /** The next line, as parsed JSON; undefined at the end. */
  readonly next: () => Promise<unknown>
  /** Resolves when the stream is over, whoever ended it. */
  readonly closed: Promise<unknown>
  readonly close: () => void
}

/** Starts the listener; `open` asks for the feed. A reader that is `stuck` takes nothing of what comes. */
export async function startFeedExchange(
  onStream: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
) {
  const server = createServer()
  server.on('stream', onStream)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)

  async function open(query: string, reads: 'all' | 'stuck' = 'all'): Promise<FeedClient> {
    const stream = session.request({ ':path': `/authority/feed${query}` })
    stream.on('error', () => {})
    const closed = once(stream, 'close')
    const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders]
    const lines =
      reads === 'all' ? createInterface({ input: stream })[Symbol.asyncIterator]() : undefined
    return {
      status: Number(headers[':status']),
      async next() {
        const line = await lines?.next()
        return line === undefined || line.done ? undefined : JSON.parse(line.value)
      },
      closed,
      close: () => stream.close(),
    }
  }

  /** Asks something else on the same connection; the status it got. */
  async function post(path: string, body: string): Promise<number> {
    const stream = session.request({ ':method': 'POST', ':path': path })
    const answered = once(stream, 'response')
    stream.end(body)
    const [headers] = (await answered) as [IncomingHttpHeaders]
    stream.resume()
    await once(stream, 'close')
    return Number(headers[':status'])
  }

  return {
    open,
    post,
    close: async () => {
      session.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
