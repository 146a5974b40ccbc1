// The load process: one HTTP/2 connection as Traefik keeps one, a fixed number of streams in flight, each answered
// stream followed by the next. Runs one order at a time; prepared headers, so that it costs little itself.

import { randomBytes } from 'node:crypto'
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2'
import { clientOptions } from '../tls-identity.ts'
import type { LoadOrder, LoadResult } from './load-protocol.ts'
import { subrequestHeaders } from './upgrade-headers.ts'

/** Different handshakes in one order; more than the headers that HPACK remembers. */
const variants = 1000

process.on('message', (order: LoadOrder) => {
  run(order).then(
    (result) => process.send?.(result),
    (error: Error) => {
      const nothing = { answered: 0, refused: 0, seconds: 0, assertion: '' }
      process.send?.({ ...nothing, fault: error.message } satisfies LoadResult)
    },
  )
})
process.on('disconnect', () => process.exit(0))

function run(order: LoadOrder): Promise<LoadResult> {
  const { token, origin } = order
  const requests = Array.from({ length: variants }, (_, client) =>
    subrequestHeaders({ token, origin, key: randomBytes(16), client }),
  )
  const session = connect(`https://127.0.0.1:${order.port}`, clientOptions(order.tls))
  return new Promise((resolve, reject) => {
    session.on('error', reject)
    session.on('remoteSettings', () => {
      drive(session, requests, order).then(resolve, reject)
    })
  })
}

async function drive(
  session: ClientHttp2Session,
  requests: readonly Record<string, string>[],
  order: LoadOrder,
): Promise<LoadResult> {
  const startedAtMs = performance.now()
  const endsAtMs = startedAtMs + order.durationMs
  let [answered, refused, next] = [0, 0, 0]
  let last: IncomingHttpHeaders = {}
  const ask = () =>
    new Promise<void>((resolve, reject) => {
      const stream = session.request(requests[next++ % variants], { endStream: true })
      stream.on('error', reject)
      stream.on('response', (headers) => {
        last = headers
        if (headers[':status'] === 200) answered += 1
        else refused += 1
      })
      stream.on('close', resolve)
      stream.resume()
    })
  const lane = async () => {
    while (performance.now() < endsAtMs) await ask()
  }
  await Promise.all(Array.from({ length: order.streams }, lane))
  const seconds = (performance.now() - startedAtMs) / 1000
  session.close()
  return { answered, refused, seconds, assertion: String(last['x-sallyport-identity']) }
}
