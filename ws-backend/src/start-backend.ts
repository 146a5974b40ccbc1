// Puts the backend together: inner door → registry → authority → features. Reads no environment.

import type { Server } from 'node:https'
import { performance } from 'node:perf_hooks'
import type { AssertionKey } from '@sallyport/contracts/identity-assertion'
import { closeServer, listen } from '@sallyport/service-kit/listen'
import type { Log } from '@sallyport/service-kit/log'
import { startManagementServer } from '@sallyport/service-kit/management-server'
import type { TlsIdentity } from '@sallyport/service-kit/mutual-tls'
import { createRoleServer } from '@sallyport/service-kit/role-server'
import type { Running } from '@sallyport/service-kit/run-service'
import { createAuthorityLink } from './authority/authority-link.ts'
import { createHttp2Transport } from './authority/http2-transport.ts'
import { createLiveAuthority } from './authority/live-authority.ts'
import { createConnector } from './connect-accepted.ts'
import { acceptUpgrades } from './connection/accept-upgrade.ts'
import type { ConnectionLimits } from './connection/connection-limits.ts'
import { createConnectionRegistry } from './connection/connection-registry.ts'
import type { Connection } from './connection/connection-types.ts'
import { createNonceMemory } from './connection/nonce-memory.ts'
import { createDrain, type DrainTiming } from './drain.ts'
import { createHealthHandler } from './health.ts'
import { createMetrics, type Metrics } from './metrics.ts'

type BackendOptions = {
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

type RunningBackend = Running & { readonly port: number; readonly managementPort: number }

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
    onAccepted: createConnector({
      limits: options.limits,
      metrics,
      registry,
      admit: authority.admit,
      now,
      wallClock,
      log,
    }),
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

function createSocketServer(
  tls: TlsIdentity,
  metrics: Metrics,
  health: Parameters<typeof createHealthHandler>[0],
): Server {
  const onRefused = () => metrics.refused.inc({ reason: 'peer-role' })
  return createRoleServer(
    { identity: tls, peerRole: 'traefik', onRefused },
    createHealthHandler(health),
  )
}
