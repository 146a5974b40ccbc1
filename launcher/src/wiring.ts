// What connects the processes of a run with each other: ports, hosts, key files. The launcher's alone, for every process
// by its name. Pure.

import { join } from 'node:path'
import type { UserSettings } from './context.ts'
import { type Addresses, replicaOf } from './endpoints.ts'
import type { ChosenPorts, ReplicaPorts } from './ports.ts'
import { redisPrefix, redisUser } from './redis/redis-user.ts'
import { authorityFolder, type StatePaths, tlsDirectory } from './state-folder.ts'
import type { Instance, ServiceName } from './topology.ts'
import { noProxies, proxyEnvironment, readTrustedProxies } from './traefik/trusted-proxies.ts'

export type WiringInput = {
  readonly root: string
  readonly state: StatePaths
  readonly ports: ChosenPorts
  readonly addresses: Addresses
  readonly settings: UserSettings
}

export type Wiring = Readonly<Record<string, string>>

const loopback = '127.0.0.1'

const byService: Readonly<Record<ServiceName, (input: WiringInput, instance: Instance) => Wiring>> =
  {
    redis: () => ({}),
    'auth-sidecar': sidecarWiring,
    'ws-backend': backendWiring,
    frontend: frontendWiring,
    traefik: traefikWiring,
  }

/** What one process is told of the others; no user's setting beats it. */
export function wiringOf(input: WiringInput, instance: Instance): Wiring {
  return byService[instance.service](input, instance)
}

function sidecarWiring(input: WiringInput, instance: Instance): Wiring {
  const { state } = input
  const ports = portsOf(input, instance)
  return {
    SIDECAR_HOST: loopback,
    SIDECAR_VERIFY_PORT: `${ports.verify}`,
    SIDECAR_AUTH_PORT: `${ports.auth}`,
    SIDECAR_INTERNAL_PORT: `${ports.internal}`,
    SIDECAR_ADMIN_PORT: `${ports.admin}`,
    SIDECAR_MANAGEMENT_PORT: `${ports.sidecarManagement}`,
    SIDECAR_TLS_DIRECTORY: tlsDirectory(state, 'auth-sidecar'),
    SIDECAR_TOKEN_KEYS_FILE: state.tokenKeys,
    SIDECAR_ASSERTION_KEYS_FILE: state.assertionMaster,
    SIDECAR_ADMIN_TOKENS_FILE: state.adminTokens,
    SIDECAR_AUDIT_FILE: state.auditLog,
    SIDECAR_STATE_DIRECTORY: authorityFolder(state, instance.replica),
    ...redisWiring(input),
    ...proxiesOf(input).sidecar,
  }
}

/** Empty counts as unset: a run whose state is in memory uses no Redis, whatever its user has set. */
function redisWiring({ ports, state }: WiringInput): Wiring {
  const { redis } = ports
  return {
    SIDECAR_REDIS_URL: redis === undefined ? '' : `redis://${redisUser}@${loopback}:${redis}/0`,
    SIDECAR_REDIS_PASSWORD_FILE: redis === undefined ? '' : state.redisPassword,
    SIDECAR_REDIS_PREFIX: redis === undefined ? '' : redisPrefix,
  }
}

function backendWiring(input: WiringInput, instance: Instance): Wiring {
  const { state, addresses } = input
  const ports = portsOf(input, instance)
  const authorities = addresses.replicas.map(({ services }) => services['auth-sidecar'].internal)
  return {
    BACKEND_HOST: loopback,
    BACKEND_PORT: `${ports.sockets}`,
    BACKEND_MANAGEMENT_PORT: `${ports.backendManagement}`,
    BACKEND_NODE_NAME: instance.name,
    BACKEND_TLS_DIRECTORY: tlsDirectory(state, 'ws-backend'),
    BACKEND_AUTHORITY_URL: authorities.join(','),
    BACKEND_ASSERTION_KEYS_FILE: state.assertionBackend,
  }
}

function frontendWiring({ root, state, ports }: WiringInput): Wiring {
  return {
    FRONTEND_HOST: loopback,
    FRONTEND_PORT: `${ports.frontend.pages}`,
    FRONTEND_MANAGEMENT_PORT: `${ports.frontend.management}`,
    FRONTEND_TLS_DIRECTORY: tlsDirectory(state, 'frontend'),
    FRONTEND_ASSETS_DIRECTORY: join(root, 'frontend', 'dist'),
  }
}

/** Each Traefik asks the sidecar of its own pair, and brings sockets to any backend. */
function traefikWiring(input: WiringInput, instance: Instance): Wiring {
  const { state, ports, addresses } = input
  const { services } = replicaOf(addresses, instance)
  const backends = addresses.replicas.map((replica) => replica.services['ws-backend'].sockets)
  return {
    SALLYPORT_VERIFY_URL: services['auth-sidecar'].verify,
    SALLYPORT_AUTH_URL: services['auth-sidecar'].auth,
    SALLYPORT_ADMIN_URL: services['auth-sidecar'].admin,
    SALLYPORT_BACKEND_URL: backends.join(','),
    SALLYPORT_FRONTEND_URL: services.frontend.pages,
    SALLYPORT_TRAEFIK_TLS: tlsDirectory(state, 'traefik'),
    SALLYPORT_ENTRY_POINTS: ports.hasIpv6Loopback ? 'web,web6' : 'web',
    ...proxiesOf(input).traefik,
  }
}

/** Faulty ones trust nobody; `decideRun` has refused them before anything is started. */
function proxiesOf({ settings }: WiringInput) {
  const proxies = readTrustedProxies(settings)
  return proxyEnvironment(proxies.ok ? proxies.value : noProxies)
}

function portsOf({ ports }: WiringInput, { name, replica }: Instance): ReplicaPorts {
  const found = ports.replicas[replica]
  if (!found) throw new Error(`no ports of ${name}`)
  return found
}
