// Which ports a native run gets.

import { createServer, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { canListenOnIpv6, choosePorts, isPortFree, preferredOf } from './ports.ts'

const open: Server[] = []

function occupy(port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    open.push(server)
    server.listen({ port, host }, () => resolve((server.address() as { port: number }).port))
  })
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => new Promise((done) => server.close(done))))
})

describe('choosePorts', () => {
  it('R3.5 takes the next free port when the preferred one is taken', async () => {
    const taken = await occupy(0, '127.0.0.1')
    const [ports] = (await choosePorts({ public: taken, management: 0 })).replicas
    expect(ports.public).toBeGreaterThan(taken)
    expect(ports.public).toBeLessThan(taken + 200)
  })

  it('R3.5 takes a public port only when it is free on every loopback address there is', async () => {
    const hasIpv6 = await canListenOnIpv6()
    const taken = await occupy(0, hasIpv6 ? '::1' : '127.0.0.1')
    expect(await isPortFree(taken)).toBe(false)
    const ports = await choosePorts({ public: taken, management: 0 })
    expect(ports).toMatchObject({ hasIpv6Loopback: hasIpv6 })
    expect(ports.replicas[0].public).not.toBe(taken)
  })

  it('R3.5 gives every listener a port of its own and leaves all of them free', async () => {
    const { replicas, frontend } = await choosePorts({ public: 0, management: 0 })
    expect(replicas).toHaveLength(1)
    const all = [...Object.values(replicas[0]), ...Object.values(frontend)]
    expect(new Set(all).size).toBe(11)
    const areFree = await Promise.all(all.map((port) => isPortFree(port)))
    expect(areFree.every(Boolean)).toBe(true)
  })

  it('gives two pairs all they need, the second one the public ports after the first one’s', async () => {
    const free = (await choosePorts({ public: 0, management: 0 })).replicas[0].public
    const topology = { replicas: 2, state: 'redis' } as const
    const { replicas, frontend, redis } = await choosePorts(
      { public: free, management: 0 },
      topology,
    )
    expect(replicas).toHaveLength(2)
    expect(replicas[1]?.public).toBeGreaterThan(replicas[0].public)
    expect(replicas[1]?.public).toBeLessThan(replicas[0].public + 200)
    const all = [...replicas, frontend].flatMap((ports) => Object.values<number>(ports))
    expect(new Set([...all, redis]).size).toBe(21)
  })

  it('keeps any port any port for the second pair', () => {
    const preferred = { public: 0, management: 8090 }
    expect(preferredOf(preferred, 1)).toEqual({ public: 0, management: 8091 })
  })
})
