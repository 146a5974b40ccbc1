import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterAll, describe, expect, inject, it } from 'vitest'
import { login, logout, metric } from '../support/http.ts'
import { freePort, type Part, startBackend, startTraefik } from '../support/second-parts.ts'
import { openSocket } from '../support/socket.ts'
import { readStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

const stack = { ...readStack(inject('stateFolder')), output: () => '', stop: async () => {} }
const parts: Part[] = []
afterAll(() => Promise.all(parts.map((part) => part.stop())))

/** A wire to the sidecar's internal listener that can be cut and mended. */
async function startWire(target: string) {
  const { port } = new URL(target)
  const open = new Set<Socket>()
  let isCut = false
  const server = createServer((near) => {
    if (isCut) return near.destroy()
    const far = connect(Number(port), '127.0.0.1')
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        open.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
    return undefined
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      isCut = true
      for (const socket of open) socket.destroy()
    },
    mend() {
      isCut = false
    },
    close: () => server.close(),
  }
}

describe('RX.2 a backend whose line to the sidecar is cut', () => {
  it('RX.2 SES-5 refuses new sockets, keeps live ones, and ends what was logged out meanwhile', async () => {
    const wire = await startWire(stack.endpoints.services['auth-sidecar'].internal)
    const managementPort = await freePort()
    const backend = await startBackend(stack, {
      BACKEND_AUTHORITY_URL: wire.url,
      BACKEND_MANAGEMENT_PORT: `${managementPort}`,
    })
    parts.push(backend)
    const traefik = await startTraefik(stack, { SALLYPORT_BACKEND_URL: backend.url })
    parts.push(traefik)
    const through = { endpoints: traefik.endpoints }
    const origin = stack.endpoints.public
    const connected = () =>
      metric(`http://127.0.0.1:${managementPort}`, 'sallyport_authority_feed_connected')
    await until('the feed', async () => (await connected()) === 1)

    const [leaving, staying] = [await login(stack), await login(stack, 'bob')]
    const ended = await openSocket(through, { cookie: leaving.cookie, origin })
    const kept = await openSocket(through, { cookie: staying.cookie, origin })
    await Promise.all([ended.message('welcome'), kept.message('welcome')])

    wire.cut()
    await until('the loss to be noticed', async () => (await connected()) === 0)
    await logout(stack, leaving)
    const late = await openSocket(through, { cookie: staying.cookie, origin })
    expect((await late.closed).code).toBe(4504)

    wire.mend()
    expect((await ended.closed).code).toBe(4410)
    kept.send({ type: 'subscribe', id: 'k', data: { channel: 'room:kept' } })
    expect(await kept.message('subscribed')).toMatchObject({ id: 'k' })
    kept.close()
    wire.close()
  })
})
