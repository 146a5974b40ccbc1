// A stand-in for the ws-backend that notes every header it receives: what Traefik really passes on.
// Shows the backend's own certificate, accepts Traefik only, answers upgrades with 101 and everything else with 200.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Stack } from './stack.ts'

export type Recorded = { readonly target: string; readonly rawHeaders: readonly string[] }

export type RecordingBackend = {
  readonly url: string
  readonly received: readonly Recorded[]
  readonly close: () => Promise<void>
}

/** Starts the stand-in with the certificate of the role `ws-backend`. */
export async function startRecordingBackend(stack: Stack): Promise<RecordingBackend> {
  const read = (name: string) =>
    readFileSync(join(stack.stateFolder, 'keys/tls/ws-backend', name), 'utf8')
  const received: Recorded[] = []
  const server = createServer({
    ca: read('authority.pem'),
    cert: read('certificate.pem'),
    key: read('key.pem'),
    requestCert: true,
    rejectUnauthorized: true,
  })
  server.on('request', (request, response) => {
    received.push({ target: request.url ?? '', rawHeaders: request.rawHeaders })
    response.end('{}')
  })
  server.on('upgrade', (request, socket) => {
    received.push({ target: request.url ?? '', rawHeaders: request.rawHeaders })
    const key = request.headers['sec-websocket-key'] ?? ''
    const accept = createHash('sha1')
      .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64')
    const protocol = request.headers['sec-websocket-protocol']
    socket.on('error', () => {})
    // Whoever does not read does not learn of the end either, and could not be closed.
    socket.resume()
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n${protocol ? `Sec-WebSocket-Protocol: ${protocol}\r\n` : ''}\r\n`,
    )
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `https://127.0.0.1:${port}`,
    received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
