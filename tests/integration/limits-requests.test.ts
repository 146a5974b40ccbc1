import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, expect, inject, it } from 'vitest'
import { rawUpgrade } from '../support/raw-upgrade.ts'
import { freshAddress } from '../support/source-address.ts'
import { readStack } from '../support/stack.ts'

const stack = { ...readStack(inject('stateFolder')), output: () => '', stop: async () => {} }
const { host, port } = new URL(stack.endpoints.public)

async function dial(): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: Number(port), localAddress: freshAddress() })
  await once(socket, 'connect')
  return socket
}

/** What a connection was sent until its other end closed it, and after how long. */
async function untilClosed(socket: Socket): Promise<{ received: string; afterMs: number }> {
  const startedAtMs = performance.now()
  let received = ''
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1')
  })
  socket.on('error', () => {})
  await once(socket, 'close')
  return { received, afterMs: performance.now() - startedAtMs }
}

describe('slow requests', () => {
  const head = `GET /ws HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`

  it('W60 LIM-5 cuts a client within its ten seconds that says nothing, stops, or sends a header a second', async () => {
    const slow = [
      { first: '' },
      { first: head },
      { first: head, drop: 'X-Slow: 1\r\n' },
      { first: `${head}X-Slow: ` },
    ].map(async ({ first, drop }) => {
      const socket = await dial()
      socket.write(first)
      const drops = setInterval(() => drop && socket.write(drop), 1000)
      const ended = await untilClosed(socket)
      clearInterval(drops)
      return ended
    })
    for (const { received, afterMs } of await Promise.all(slow)) {
      expect(afterMs).toBeGreaterThan(5_000)
      expect(afterMs).toBeLessThan(14_000)
      expect(received).not.toMatch(/^HTTP\/1\.1 (?:101|200)/)
    }
  })
})

describe('large requests', () => {
  it.each([
    ['one header of 20 kB', [['X-Large', 'a'.repeat(20_000)]]],
    ['a cookie of 14 kB', [['Cookie', `sessionId=${'a'.repeat(14_000)}`]]],
    ['2000 headers', Array.from({ length: 2000 }, (_, index) => [`X-H-${index}`, '1'] as const)],
    [
      '5000 subprotocols',
      [['Sec-WebSocket-Protocol', Array.from({ length: 5000 }, (_, index) => `p${index}`).join()]],
    ],
  ] as const)('W17 LIM-5 answers an upgrade with %s by 431, before the sidecar is asked', async (_name, headers) => {
    const answer = await rawUpgrade(stack, { headers })
    expect(answer.status).toBe(431)
    // The sidecar's refusals are problem documents: this one is Traefik's.
    expect(answer.headers['content-type']).toMatch(/^text\/plain/)
  })

  it('W17 refuses what fits into the headers but is no offer anybody makes', async () => {
    const offers = Array.from({ length: 500 }, (_, index) => `p${index}`).join()
    const answer = await rawUpgrade(stack, { headers: [['Sec-WebSocket-Protocol', offers]] })
    expect([400, 431]).toContain(answer.status)
  })
})
