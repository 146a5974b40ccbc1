// Topology "pairs": one of two sidecars freezes. Its own pair is out of `/ready` at once and back within seconds; the
// other pair serves on, and what is decided there still reaches every socket.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { login, logout, request } from '../support/http.ts'
import { pairsOf } from '../support/pairs.ts'
import { openSocket } from '../support/socket.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack({ REPLICAS: '2', STATE: 'redis', WS_RATE_LIMIT: '1000' })
})
afterAll(() => stack?.stop())

const readiness = async (management: string) =>
  (await request(new URL('/ready', management).href, { from: '127.0.0.1' })).status

describe('one of two sidecars is frozen', () => {
  it(
    'W95 RX.1 its pair is out of /ready at once and back within 5 s; the other serves on',
    { timeout: 60_000 },
    async () => {
      const [frozen, other] = pairsOf(stack)
      if (!frozen || !other) throw new Error('two pairs are needed')
      expect(await readiness(frozen.endpoints.management)).toBe(200)
      expect(await readiness(other.endpoints.management)).toBe(200)
      const alice = await login(frozen)
      const sockets = await Promise.all(
        [frozen, other].map((pair) => openSocket(pair, { cookie: alice.cookie })),
      )
      await Promise.all(sockets.map((socket) => socket.message('welcome')))

      const frozenAtMs = performance.now()
      process.kill(stack.endpoints.pids['auth-sidecar'] ?? 0, 'SIGSTOP')
      const backAtMs = until('the frozen pair to be ready again', async () =>
        (await readiness(frozen.endpoints.management)) === 200 ? performance.now() : undefined,
      )
      expect(await readiness(frozen.endpoints.management)).toBeGreaterThanOrEqual(500)
      expect(await readiness(other.endpoints.management)).toBe(200)
      const bob = await openSocket(other, { cookie: (await login(other, 'bob')).cookie })
      await bob.message('welcome')
      expect((await logout(other, alice)).status).toBe(204)
      const closed = await Promise.all(sockets.map((socket) => socket.closed))
      expect(closed.map(({ code }) => code)).toEqual([4410, 4410])
      expect((await backAtMs) - frozenAtMs).toBeLessThan(5000)
      await expect(openSocket(frozen, { cookie: alice.cookie })).rejects.toThrow('401')
      const again = await openSocket(frozen, { cookie: (await login(frozen)).cookie })
      await again.message('welcome')
      for (const socket of [bob, again]) socket.close()
    },
  )
})
