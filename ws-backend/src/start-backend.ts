// Puts the backend together: inner door → registry → authority → features. Reads no environment.

import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:https'
import { performance } from 'node:perf_hooks'
import type { AssertionKey } from '@sallyport/contracts/identity-assertion'
import { closeServer, listen } from '@sallyport/service-kit/listen'
import type { Log } from '@sallyport/service-kit/log'
import { startManagementServer } from '@sallyport/service-kit/management-server'
import {
  requirePeerRole,
  serverTlsOptions,
  type TlsIdentity,
} from '@sallyport/service-kit/mutual-tls'
import type { Running } from '@sallyport/service-kit/run-service'
import { createAuthorityLink } from './authority/authority-link.ts'
import { createHttp2Transport } from './authority/http2-transport.ts'
import { createLiveAuthority } from './authority/live-authority.ts'
import { type AcceptedUpgrade, acceptUpgrades } from './connection/accept-upgrade.ts'
import { SocketConnection } from './connection/connection.ts'
import type { ConnectionLimits } from './connection/connection-limits.ts'
import {
  type ConnectionRegistry,
  createConnectionRegistry,
} from './connection/connection-registry.ts'
import type { Connection, ConnectionDeps } from './connection/connection-types.ts'
import { createNonceMemory } from './connection/nonce-memory.ts'
import { createDispatch } from './dispatch.ts'
import { createDrain, type DrainTiming } from './drain.ts'
import { createHealthHandler } from './health.ts'
import { createMessaging } from './messaging/messaging.ts'
import { closeCodeLabel, createMetrics, type Metrics } from './metrics.ts'

export type BackendOptions = {
  readonly host: string
  readonly port: number
  readonly managementPort: number
  readonly tls: TlsIdentity
  readonly assertionKeys: readonly AssertionKey[]
  readonly authorityUrl: string
  readonly limits: ConnectionLimits
  readonly drainTiming: DrainTiming
  /** How often every live identity is asked about, whatever the feed says. */
  readonly recheckIntervalMs: number
  readonly log: Log
}

/** Above this many handshakes within a nonce's life, further ones are refused with 503. */
const maxNonces = 100_000

export type RunningBackend = Running & { readonly port: number; readonly managementPort: number }

const now = () => performance.now()
const wallClock = () => new Date()
const { random } = Math

/** Starts everything; `close` drains the sockets first and stops the rest in reverse. */
export async function startBackend(options: BackendOptions): Promise<RunningBackend> {
  const { host, log } = options
  const metrics = createMetrics()
  const registry = createConnectionRegistry<Connection>()
  const drain = createDrain({ registry, random, timing: options.drainTiming })

  const link = createAuthorityLink({
    transport: createHttp2Transport(options.authorityUrl, options.tls),
    onOutcome: (outcome) => authority.apply(outcome),
    onConnected: (isConnected) => metrics.feedConnected.set(isConnected ? 1 : 0),
    random,
    log,
  })
  const authority = createLiveAuthority({
    registry,
    check: link.check,
    recheckIntervalMs: options.recheckIntervalMs,
    random,
    log,
  })

  const { isDraining } = drain
  const server = createSocketServer(options.tls, metrics, {
    isDraining,
    isFeedConnected: link.isConnected,
  })
  acceptUpgrades(server, {
    keys: options.assertionKeys,
    rememberNonce: createNonceMemory(maxNonces, now),
    isDraining,
    limits: options.limits,
    now,
    wallClock,
    onAccepted: createConnector(options, metrics, registry, authority.admit),
    onRefused: (reason) => metrics.refused.inc({ reason }),
    log,
  })

  link.start()
  const port = await listen(server, options.port, host)
  const management = await startManagementServer({
    host,
    port: options.managementPort,
    isReady: () => server.listening && !isDraining(),
    metrics: metrics.registry,
  })
  log.info({ port }, 'accepting sockets')

  return {
    port,
    managementPort: management.port,
    async close() {
      await drain.drain()
      for (const connection of registry.all()) connection.end('lost')
      await closeServer(server, () => server.closeAllConnections())
      await authority.close()
      await link.close()
      await management.close()
    },
  }
}

/** Turns an accepted upgrade into a registered connection that is being asked about. */
function createConnector(
  { limits, log }: BackendOptions,
  metrics: Metrics,
  registry: ConnectionRegistry<Connection>,
  admit: (connection: Connection) => Promise<void>,
) {
  const messaging = createMessaging({ maxChannels: limits.maxChannels, wallClock })
  const deps: ConnectionDeps = {
    limits,
    now,
    wallClock,
    handle: createDispatch({ messaging }),
    onDead: messaging.leave,
    onForgotten: (connection, code) => {
      registry.remove(connection)
      metrics.open.set(registry.size())
      metrics.closed.inc({ code: closeCodeLabel(code) })
    },
    log,
  }
  return (accepted: AcceptedUpgrade): SocketConnection => {
    const connection = new SocketConnection({ id: randomUUID(), ...accepted }, deps)
    metrics.accepted.inc()
    void admit(connection)
    metrics.open.set(registry.size())
    return connection
  }
}

function createSocketServer(
  tls: TlsIdentity,
  metrics: Metrics,
  health: Parameters<typeof createHealthHandler>[0],
): Server {
  const server = createServer(
    {
      ...serverTlsOptions(tls),
      keepAliveTimeout: 95_000, // longer than Traefik keeps an idle connection
      headersTimeout: 10_000,
      maxHeaderSize: 16_384,
    },
    createHealthHandler(health),
  )
  requirePeerRole(server, 'traefik', () => metrics.refused.inc({ reason: 'peer-role' }))
  return server
}
