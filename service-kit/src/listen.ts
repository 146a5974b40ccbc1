// Listening and closing as promises.

import type { AddressInfo, Server } from 'node:net'

/** Listens and resolves with the port in use; rejects when the address is taken. */
export function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}

/** Stops accepting and cuts what is still open through `cut`. */
export function closeServer(server: Server, cut: () => void = () => {}): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    cut()
  })
}
