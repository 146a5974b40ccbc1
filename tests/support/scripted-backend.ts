// A backend that answers every upgrade with the bytes it was told and notes what comes after: what a gate does with
// an answer that is no proper 101. Shows the backend's certificate, accepts Traefik only.

import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createServer, type TLSSocket } from 'node:tls'
import type { Stack } from './stack.ts'

export type ScriptedBackend = {
  readonly url: string
  /** Everything received so far, of all connections. */
  readonly received: () => string
  /** How many requests were begun. */
  readonly requests: () => number
  /** What the next requests are answered with. */
  readonly answerWith: (bytes: string) => void
  readonly close: () => Promise<void>
}

/** Starts it with the certificate of the role `ws-backend`. */
export async function startScriptedBackend(stack: Stack): Promise<ScriptedBackend> {
  const read = (name: string) =>
    readFileSync(join(stack.stateFolder, 'keys/tls/ws-backend', name), 'utf8')
  let answer = 'HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n'
  let received = ''
  const open = new Set<TLSSocket>()
  const server = createServer({
    ca: read('authority.pem'),
    cert: read('certificate.pem'),
    key: read('key.pem'),
    requestCert: true,
    rejectUnauthorized: true,
    ALPNProtocols: ['http/1.1'],
  })
  server.on('secureConnection', (socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      const text = chunk.toString('latin1')
      received += text
      if (/^[A-Z]+ \S+ HTTP\/1\.1\r\n/.test(text)) socket.write(answer)
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `https://127.0.0.1:${port}`,
    received: () => received,
    requests: () => received.match(/^[A-Z]+ \S+ HTTP\/1\.1\r$/gm)?.length ?? 0,
    answerWith(bytes) {
      answer = bytes
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of open) socket.destroy()
      }),
  }
}
