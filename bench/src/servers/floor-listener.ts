// A listener like the sidecar's, for every floor: mutual TLS, HTTP/2, raw streams. Sends its port to the parent.

import { createSecureServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { listenerOptions } from '../tls-identity.ts'

/** Listens on any free loopback port and answers every stream; ends with the parent. */
export function listenAsFloor(
  tlsFolder: string,
  answer: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
): void {
  const server = createSecureServer({
    ...listenerOptions(tlsFolder),
    settings: { enableConnectProtocol: false },
  })
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    answer(stream, headers)
  })
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
  process.on('disconnect', () => process.exit(0))
}
