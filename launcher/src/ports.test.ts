// Which ports a native run gets.

import { createServer, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { canListenOnIpv6, choosePorts, isPortFree } from './ports.ts'

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
    const ports = await choosePorts({ public: taken, management: 0 })
    expect(ports.public).toBeGreaterThan(taken)
    expect(ports.public).toBeLessThan(taken + 200)
  })

  it('R3.5 takes a public port only when it is free on every loopback address there is', async () => {
    const hasIpv6 = await canListenOnIpv6()
    const taken = await occupy(0, hasIpv6 ? '::1' : '127.0.0.1')
    expect(await isPortFree(taken)).toBe(false)
    const ports = await choosePorts({ public: taken, management: 0 })
    expect(ports).toMatchObject({ hasIpv6Loopback: hasIpv6 })
    expect(ports.public).not.toBe(taken)
  })

  it('R3.5 gives every listener a port of its own and leaves all of them free', async () => {
    const ports = await choosePorts({ public: 0, management: 0 })
    const all = [ports.public, ports.management, ...Object.values(ports.internal)]
    expect(new Set(all).size).toBe(10)
    const areFree = await Promise.all(all.map((port) => isPortFree(port)))
    expect(areFree.every(Boolean)).toBe(true)
  })
})
