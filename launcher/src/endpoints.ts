// endpoints.json: every address of a native run, made from the chosen ports. Pure but for reading the file.

import type { ChosenPorts, ReplicaPorts } from './ports.ts'
import { readJson, type StatePaths } from './state-folder.ts'
import { type Instance, instancesOfRun, type ServiceName, type Topology } from './topology.ts'

/** The addresses of one pair, with those of what all pairs share. */
export type ReplicaAddresses = {
  readonly public: string
  readonly publicAlternates: readonly string[]
  readonly management: string
  readonly services: {
    readonly 'auth-sidecar': {
      readonly verify: string
      readonly auth: string
      readonly internal: string
      readonly admin: string
      readonly management: string
    }
    readonly 'ws-backend': { readonly sockets: string; readonly management: string }
    readonly frontend: { readonly pages: string; readonly management: string }
  }
}

/** Every URL in use, as tests and users' scripts read it: the first pair's, and all pairs with it. */
export type Addresses = ReplicaAddresses & {
  readonly replicas: readonly ReplicaAddresses[]
  readonly redis?: { readonly port: number }
}

/** The file's content: addresses, and the process ids by the processes' names. */
export type Endpoints = Addresses & { readonly pids: Readonly<Record<string, number>> }

/** Makes the addresses of one set of ports. */
export function addressesOf(ports: ChosenPorts): Addresses {
  const [first, ...others] = ports.replicas
  const ofFirst = replicaAddresses(first, ports)
  return {
    ...ofFirst,
    replicas: [ofFirst, ...others.map((replica) => replicaAddresses(replica, ports))],
    ...(ports.redis !== undefined && { redis: { port: ports.redis } }),
  }
}

function replicaAddresses(replica: ReplicaPorts, ports: ChosenPorts): ReplicaAddresses {
  const tls = (port: number) => `https://127.0.0.1:${port}`
  const plain = (port: number) => httpOrigin('127.0.0.1', port)
  return {
    public: httpOrigin('localhost', replica.public),
    publicAlternates: [
      plain(replica.public),
      ...(ports.hasIpv6Loopback ? [httpOrigin('[::1]', replica.public)] : []),
    ],
    management: plain(replica.management),
    services: {
      'auth-sidecar': {
        verify: tls(replica.verify),
        auth: tls(replica.auth),
        internal: tls(replica.internal),
        admin: tls(replica.admin),
        management: plain(replica.sidecarManagement),
      },
      'ws-backend': {
        sockets: tls(replica.sockets),
        management: plain(replica.backendManagement),
      },
      frontend: {
        pages: tls(ports.frontend.pages),
        management: plain(ports.frontend.management),
      },
    },
  }
}

/** As browsers write an origin: they leave the default port out, and origins are compared letter by letter. */
function httpOrigin(host: string, port: number): string {
  return new URL(`http://${host}:${port}`).origin
}

/** Every origin that a page of ours may have. */
export function publicOrigins({ replicas }: Addresses): string[] {
  return replicas.flatMap((replica) => [replica.public, ...replica.publicAlternates])
}

/** The addresses that a process belongs to; throws for a pair that the run does not have. */
export function replicaOf(addresses: Addresses, { name, replica }: Instance): ReplicaAddresses {
  const found = addresses.replicas[replica]
  if (!found) throw new Error(`no addresses of ${name}`)
  return found
}

/** Where a process says that it is ready; Redis says it otherwise. */
export function readinessUrl(
  addresses: ReplicaAddresses,
  service: Exclude<ServiceName, 'redis'>,
): string {
  if (service === 'traefik') return `${addresses.management}/ping`
  return `${addresses.services[service].management}/readyz`
}

/** What the run consists of that has these addresses. */
export function topologyOf({ replicas, redis }: Pick<Addresses, 'replicas' | 'redis'>): Topology {
  return { replicas: replicas.length, state: redis === undefined ? 'memory' : 'redis' }
}

/** The processes of that run, in start order. */
export function instancesOf(addresses: Addresses): readonly Instance[] {
  return instancesOfRun(topologyOf(addresses))
}

/** Reads endpoints.json; undefined unless a system is ready or was killed without a chance to tidy up. */
export function readEndpoints(paths: StatePaths): Endpoints | undefined {
  const value = readJson(paths.endpoints)
  const isObject = typeof value === 'object' && value !== null
  if (!isObject || !('public' in value) || !('pids' in value)) return undefined
  const endpoints = value as Endpoints
  // A launcher from before there were pairs has written only what is now the first one's.
  return { ...endpoints, replicas: endpoints.replicas ?? [endpoints] }
}
