// Ports that are free now, for processes that must be told their port.

import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

/** As many different free loopback ports; all are held open at once and then let go. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports: number[] = []
  for (const server of servers) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    ports.push((server.address() as AddressInfo).port)
  }
  for (const server of servers) {
    server.close()
    await once(server, 'close')
  }
  return ports
}
