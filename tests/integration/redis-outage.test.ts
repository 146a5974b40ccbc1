// W94, RX.12: the store that all replicas share is lost while sockets live. Live ones stay, new ones are refused with
// 503, nobody is let in because something failed, and all of it mends itself without a restart.

import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { login, logout, publicUrl, request } from '../support/http.ts'
import { openSocket, type TestSocket } from '../support/socket.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack({ REPLICAS: '2', STATE: 'redis', WS_RATE_LIMIT: '1000' })
})
afterAll(() => stack?.stop())

const redisPid = () => stack.endpoints.pids['redis'] ?? 0
const signal = (name: 'SIGSTOP' | 'SIGCONT') => process.kill(redisPid(), name)

async function expectAlive(socket: TestSocket): Promise<void> {
  const id = `alive-${performance.now()}`
  socket.send({ type: 'subscribe', id, data: { channel: 'room:alive' } })
  await socket.message('subscribed', (message) => message.id === id)
}

const statusOf = (cookie: string) =>
  openSocket(stack, { cookie }).then(
    (socket) => {
      socket.close()
      return 101
    },
    (error: Error) => Number(/refused with (\d+)/.exec(error.message)?.[1]),
  )

describe('Redis stops answering while sockets live', () => {
  it(
    'W94 SES-6 RX.12 keeps live sockets, refuses new ones with 503, and mends itself',
    { timeout: 60_000 },
    async () => {
      const alice = await login(stack)
      const socket = await openSocket(stack, { cookie: alice.cookie })
      await socket.message('welcome')
      signal('SIGSTOP')
      try {
        expect(await statusOf(alice.cookie)).toBe(503)
        const refused = await request(publicUrl(stack, '/auth/session'), {
          headers: { cookie: alice.cookie, 'sec-fetch-site': 'same-origin' },
        })
        expect(refused.status).toBe(503)
        expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
        expect(refused.headers['set-cookie']).toBeUndefined()
        await pause(1500) // longer than any command may take
        await expectAlive(socket)
      } finally {
        signal('SIGCONT')
      }
      await until(
        'new sockets to be let in again',
        async () => (await statusOf(alice.cookie)) === 101,
      )
      await expectAlive(socket)
      await logout(stack, alice)
      expect((await socket.closed).code).toBe(4410)
      expect(await statusOf(alice.cookie)).toBe(401)
    },
  )
})
