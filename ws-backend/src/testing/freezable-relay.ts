// A TCP relay before a listener that can freeze: connections stay open, nothing goes through, nobody says goodbye.
// Test code only.

import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** Starts a relay to an https URL on loopback, on a free port. */
export async function startFreezableRelay(url: string) {
  const port = Number(new URL(url).port)
  const sockets = new Set<Socket>()
  let isFrozen = false

  function keep(socket: Socket): void {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
  }

  // Half-open on purpose: a frozen peer never answers the end of the other side with its own.
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ port, host: '127.0.0.1' })
    keep(near)
    keep(far)
    near.on('data', (chunk) => void (isFrozen || far.write(chunk)))
    far.on('data', (chunk) => void (isFrozen || near.write(chunk)))
    near.on('end', () => void (isFrozen || far.end()))
    far.on('end', () => void (isFrozen || near.end()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    freeze(): void {
      isFrozen = true
    },
    async close(): Promise<void> {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
