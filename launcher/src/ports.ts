// Chooses ports: the preferred public ones or the next free ones, the internal ones from the system.
// All are held open at once before any is released, so that none is chosen twice.

import { createServer, type Server } from 'node:net'
import { singleTopology, type Topology } from './topology.ts'

/** Internal listeners of each pair, one port each. */
const replicaPortNames = [
  'verify',
  'auth',
  'internal',
  'admin',
  'sidecarManagement',
  'sockets',
  'backendManagement',
] as const

const frontendPortNames = ['pages', 'management'] as const

type Named<Name extends string> = Readonly<Record<Name, number>>

/** The ports of one pair and of the backend beside it. */
export type ReplicaPorts = Named<(typeof replicaPortNames)[number] | 'public' | 'management'>

export type ChosenPorts = {
  /** The first pair's first. */
  readonly replicas: readonly [ReplicaPorts, ...ReplicaPorts[]]
  readonly frontend: Named<(typeof frontendPortNames)[number]>
  /** Left out when the state is in memory. */
  readonly redis?: number
  /** Whether the machine has ::1; the public ports are then free there too. */
  readonly hasIpv6Loopback: boolean
}

/** 0 means any free port. */
export type PreferredPorts = { readonly public: number; readonly management: number }

const ipv4 = '127.0.0.1'
const ipv6 = '::1'
const attempts = 200

/** What the pair with this number would like: the ports after those of the pair before it. */
export function preferredOf(preferred: PreferredPorts, replica: number): PreferredPorts {
  const after = (port: number) => (port === 0 ? 0 : port + replica)
  return { public: after(preferred.public), management: after(preferred.management) }
}

/** Chooses every port of a native run; throws when no free one is found near a preferred one. */
export async function choosePorts(
  preferred: PreferredPorts,
  topology: Topology = singleTopology,
): Promise<ChosenPorts> {
  const held: Server[] = []
  try {
    const hasIpv6Loopback = await canListenOnIpv6()
    const publicHosts = hasIpv6Loopback ? [ipv4, ipv6] : [ipv4]
    const chooseAny = <Name extends string>(names: readonly Name[]) => holdAny(names, held)
    const choosePair = async (replica: number): Promise<ReplicaPorts> => {
      const wanted = preferredOf(preferred, replica)
      return {
        public: await holdNear(wanted.public, publicHosts, held),
        management: await holdNear(wanted.management, [ipv4], held),
        ...(await chooseAny(replicaPortNames)),
      }
    }
    const first = await choosePair(0)
    const others: ReplicaPorts[] = []
    for (let replica = 1; replica < topology.replicas; replica += 1) {
      others.push(await choosePair(replica))
    }
    return {
      replicas: [first, ...others],
      frontend: await chooseAny(frontendPortNames),
      ...(topology.state === 'redis' && { redis: await holdNear(0, [ipv4], held) }),
      hasIpv6Loopback,
    }
  } finally {
    await Promise.all(held.map(release))
  }
}

/** Holds a port of the system's choice for each name. */
async function holdAny<Name extends string>(
  names: readonly Name[],
  held: Server[],
): Promise<Named<Name>> {
  const ports: [Name, number][] = []
  for (const name of names) ports.push([name, await holdNear(0, [ipv4], held)])
  return Object.fromEntries(ports) as Named<Name>
}

/** True when the machine has the IPv6 loopback address. */
export async function canListenOnIpv6(): Promise<boolean> {
  const server = await hold(0, ipv6)
  if (server) await release(server)
  return server !== undefined
}

/** True when nobody listens on the port on any loopback address of this machine. */
export async function isPortFree(port: number): Promise<boolean> {
  const held = await holdAll(port, (await canListenOnIpv6()) ? [ipv4, ipv6] : [ipv4])
  await Promise.all((held ?? []).map(release))
  return held !== undefined
}

/** Holds the preferred port or the next one that is free on every host. */
async function holdNear(
  preferred: number,
  hosts: readonly string[],
  held: Server[],
): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const port = preferred === 0 ? 0 : preferred + attempt
    if (port > 65_535) break
    const servers = await holdAll(port, hosts)
    if (!servers?.[0]) continue
    held.push(...servers)
    return portOf(servers[0])
  }
  throw new Error(`no free port from ${preferred} on`)
}

/** Holds one port number on every host, or on none. */
async function holdAll(port: number, hosts: readonly string[]): Promise<Server[] | undefined> {
  const servers: Server[] = []
  for (const host of hosts) {
    const server = await hold(servers[0] ? portOf(servers[0]) : port, host)
    if (!server) {
      await Promise.all(servers.map(release))
      return undefined
    }
    servers.push(server)
  }
  return servers
}

function hold(port: number, host: string): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen({ port, host, exclusive: true }, () => resolve(server))
  })
}

function release(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a held port has no number')
  return address.port
}
