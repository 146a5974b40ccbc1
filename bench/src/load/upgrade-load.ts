// A load process: upgrades over raw TCP, one after the other, each on a connection of its own as browsers do.
// The time is that from the request to the end of the 101's head; connecting has nothing to do with a sidecar.

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { answerOrders } from './answer-orders.ts'
import type { LoadResult, UpgradeOrder } from './load-protocol.ts'
import { createTally } from './tally.ts'
import { upgradeHeaders } from './upgrade-headers.ts'

const patienceMs = 5000

answerOrders(run)

async function run(order: UpgradeOrder): Promise<LoadResult> {
  const tally = createTally()
  for (let count = 0; count < order.upgrades; count += 1) {
    const { sentAtMs, head } = await upgradeOnce(order)
    const status = head.split(' ', 2)[1]
    tally.count(sentAtMs, status === '101' ? undefined : `upgrade: ${status}`)
  }
  return tally.result()
}

async function upgradeOnce(order: UpgradeOrder) {
  const socket = connect({ host: '127.0.0.1', port: order.port, noDelay: true })
  const signal = AbortSignal.timeout(patienceMs)
  await once(socket, 'connect', { signal })
  const text = requestText(order)
  const sentAtMs = performance.now()
  socket.write(text)
  let head = ''
  while (!head.includes('\r\n\r\n')) {
    const [chunk] = (await once(socket, 'data', { signal })) as [Buffer]
    head += chunk.toString('latin1')
  }
  // A reset leaves no port waiting: some ten thousand upgrades fit into the ports of one address.
  socket.resetAndDestroy()
  return { sentAtMs, head }
}

function requestText({ origin, token }: UpgradeOrder): string {
  const headers = {
    host: new URL(origin).host,
    connection: 'Upgrade',
    upgrade: 'websocket',
    ...upgradeHeaders({ token, origin, key: randomBytes(16) }),
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `GET /ws HTTP/1.1\r\n${lines.join('')}\r\n`
}
