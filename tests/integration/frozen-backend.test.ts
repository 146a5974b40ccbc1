// Topology "pairs": a backend stands still while somebody at it signs out. What was sent meanwhile waits at its door; none
// of it that came after the sign-out was answered is handled, however long it stood and whatever it reads first.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connections } from '../support/admin.ts'
import { login, logout } from '../support/http.ts'
import { type Pair, pairsOf } from '../support/pairs.ts'
import { openSocket, type SocketOptions, type TestSocket } from '../support/socket.ts'
import { type Stack, startStack } from '../support/stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack({ REPLICAS: '2', STATE: 'redis', WS_RATE_LIMIT: '1000' })
})
afterAll(() => stack?.stop())

const node = 'ws-backend-2'
const channel = 'room:frozen'
const after = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Opens sockets until one stands at the node that will freeze, and lets it listen. */
async function listenAtNode(pair: Pair, options: SocketOptions): Promise<TestSocket> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const socket = await openSocket(pair, options)
    const { connectionId } = (await socket.message('welcome')).data
    const listed = (await connections(pair)).connections
    if (listed.some((each) => each['connectionId'] === connectionId && each['node'] === node)) {
      socket.send({ type: 'subscribe', data: { channel } })
      await socket.message('subscribed')
      return socket
    }
    socket.close()
  }
  throw new Error(`no socket came to ${node}`)
}

/** Publishes its count every so often until the socket is closed or it is stopped. */
function publishAlways(socket: TestSocket, name: string, everyMs: number) {
  let sent = 0
  const publish = () => {
    socket.send({
      type: 'publish',
      id: `${name}${sent}`,
      data: { channel, data: { name, count: sent } },
    })
    sent += 1
  }
  const timer = setInterval(publish, everyMs)
  const stop = () => clearInterval(timer)
  void socket.closed.then(stop)
  return { sent: () => sent, stop }
}

/** Which counts of a publisher a socket heard, in order. */
const heard = (socket: TestSocket, name: string): number[] =>
  socket.messages.flatMap((message) => {
    if (message.type !== 'event' || message.data.data['name'] !== name) return []
    return Number(message.data.data['count'])
  })

describe('a backend that stood still', () => {
  it.each([3000, 13_000])(
    'SES-4 W86 for %d ms handles nothing that was sent after a sign-out was answered',
    {
      timeout: 60_000,
    },
    async (frozenMs) => {
      const [here, there] = pairsOf(stack)
      if (!here || !there) throw new Error('two pairs are needed')
      const alice = await login(here)
      const victim = await listenAtNode(there, { token: alice.token })
      const neighbour = await listenAtNode(there, { token: (await login(there, 'bob')).token })
      const victims = publishAlways(victim, 'victim', 80)
      // Few enough to be handled in one go afterwards.
      const neighbours = publishAlways(neighbour, 'neighbour', 500)
      await neighbour.message('event', ({ data }) => data.data['name'] === 'victim')

      const pid = stack.endpoints.pids[node] ?? 0
      process.kill(pid, 'SIGSTOP')
      let handledBefore: number
      let deliveredBefore: number
      try {
        const thawed = after(frozenMs)
        expect((await logout(here, alice)).status).toBe(204)
        handledBefore = victims.sent()
        deliveredBefore = neighbours.sent()
        await thawed
        expect(victims.sent()).toBeGreaterThan(handledBefore)
      } finally {
        process.kill(pid, 'SIGCONT')
      }

      expect((await victim.closed).code).toBe(4410)
      neighbours.stop()
      const last = `neighbour${neighbours.sent() - 1}`
      await neighbour.message('ack', ({ id }) => id === last)
      expect(heard(neighbour, 'victim').filter((count) => count >= handledBefore)).toEqual([])
      expect(heard(victim, 'neighbour').filter((count) => count >= deliveredBefore)).toEqual([])
      // Everything the neighbour sent was handled, in order, and it hears itself again.
      const acknowledged = neighbour.messages.flatMap((each) =>
        each.type === 'ack' ? each.id : [],
      )
      expect(acknowledged).toEqual(
        Array.from({ length: neighbours.sent() }, (_, count) => `neighbour${count}`),
      )
      expect(heard(neighbour, 'neighbour').at(-1)).toBe(neighbours.sent() - 1)
      neighbour.close()
    },
  )
})
