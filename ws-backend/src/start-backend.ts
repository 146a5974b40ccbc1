// Puts the backend together: inner door → registry → authority → features. Reads no environment.

import type { Server } from 'node:https'
import { performance } from 'node:perf_hooks'
import type { AssertionKey } from '@sallyport/contracts/identity-assertion'
import type { RingReport } from '@sallyport/service-kit/followed-ring'
import { closeServer, listen } from '@sallyport/service-kit/listen'
import type { Log } from '@sallyport/service-kit/log'
import { startManagementServer } from '@sallyport/service-kit/management-server'
import type { TlsIdentity } from '@sallyport/service-kit/mutual-tls'
import { createRingReport, type PeerReport } from '@sallyport/service-kit/ring-report'
import { createRoleServer } from '@sallyport/service-kit/role-server'
import type { Running } from '@sallyport/service-kit/run-service'
import { createAuthority } from './authority/create-authority.ts'
import { createHttp2Transport } from './authority/http2-transport.ts'
import { createConnector } from './connect-accepted.ts'
import { createPendingConnector } from './connect-pending.ts'
import { acceptUpgrades } from './connection/accept-upgrade.ts'
import type { ConnectionLimits } from './connection/connection-limits.ts'
import {
  type ConnectionRegistry,
  createConnectionRegistry,
} from './connection/connection-registry.ts'
import type { Connection, Pending } from './connection/connection-types.ts'
import { createNonceMemory } from './connection/nonce-memory.ts'
import { createPendingPlaces } from './connection/pending-places.ts'
import { createSocketSet, type SocketSet } from './connection/socket-set.ts'
import { createDrain, type DrainTiming } from './drain.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { createPlainRequestHandler } from './plain-requests.ts'
import { createSocketPaths } from './socket-paths.ts'

/** What the backend shows, and whom it believes: as they are when they are asked for. */
export type BackendKeys = {
  readonly tls: TlsIdentity
  readonly assertionKeys: () => readonly AssertionKey[]
  readonly close: () => Promise<void>
}

type BackendOptions = {
  readonly host: string
  readonly port: number
  readonly managementPort: number
  /** Opens the keys; `report` is told when they are rotated. */
  readonly openKeys: (report: RingReport & PeerReport) => BackendKeys
  /** Origins of the sidecars' internal listeners; all of one store. */
  readonly authorityUrls: readonly string[]
  /** What this backend calls itself; in listings and logs. */
  readonly nodeName: string
  /** Where sockets stand; `*` leaves it to the gate. */
  readonly socketPaths: readonly string[]
  readonly limits: ConnectionLimits
  readonly drainTiming: DrainTiming
  /** How often every live identity is asked about, whatever the feeds say. */
  readonly recheckIntervalMs: number
  /** With no feed connected for so long, every socket ends. */
  readonly maxBlindMs: number
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
  const keys = options.openKeys(createRingReport(metrics.registry, log))
  const registry = createConnectionRegistry<Connection>()
  const pendings = createSocketSet<Pending>()
  const sockets = together(pendings, registry)
  const drain = createDrain({ registry: sockets, random, timing: options.drainTiming })

  const authority = createAuthority({
    sidecars: options.authorityUrls.map((url) => ({
      name: url,
      transport: createHttp2Transport(url, keys.tls),
    })),
    node: options.nodeName,
    registry,
    recheckIntervalMs: options.recheckIntervalMs,
    maxBlindMs: options.maxBlindMs,
    metrics,
    nextTurn: setImmediate,
    now,
    wallClock,
    random,
    log,
  })

  const { isDraining } = drain
  const { isSocketPath, isProbePath } = createSocketPaths(options.socketPaths)
  const server = createSocketServer(keys.tls, metrics, {
    isDraining,
    isFeedConnected: authority.isConnected,
    isProbePath,
  })
  const shared = { limits: options.limits, metrics, now, wallClock, log }
  const { accept, takeOver } = createConnector({
    ...shared,
    registry,
    admit: authority.admit,
    hold: authority.hold,
    refresh: authority.refresh,
    onIdentityChanged: authority.identityChanged,
  })
  acceptUpgrades(server, {
    ...shared,
    keys: keys.assertionKeys,
    rememberNonce: createNonceMemory(maxNonces, now),
    isSocketPath,
    isDraining,
    takePendingPlace: createPendingPlaces(options.limits).take,
    onAccepted: accept,
    onPending: createPendingConnector({
      ...shared,
      pendings,
      authenticate: authority.authenticate,
      takeOver,
    }),
    onRefused: (reason) => metrics.refused.inc({ reason }),
  })

  authority.start()
  const port = await listen(server, options.port, host)
  const management = await startManagementServer({
    host,
    port: options.managementPort,
    // Without a feed it is not known what ends: sockets that live go on for a while, new ones are better off elsewhere.
    isReady: () => server.listening && !isDraining() && authority.isConnected(),
    metrics: metrics.registry,
  })
  log.info({ port, node: options.nodeName }, 'accepting sockets')

  return {
    port,
    managementPort: management.port,
    async close() {
      await drain.drain()
      for (const socket of sockets.all()) socket.end('lost')
      await closeServer(server, () => server.closeAllConnections())
      await authority.close()
      await management.close()
      await keys.close()
    },
  }
}

function createSocketServer(
  tls: TlsIdentity,
  metrics: Metrics,
  deps: Parameters<typeof createPlainRequestHandler>[0],
): Server {
  const onRefused = () => metrics.refused.inc({ reason: 'peer-role' })
  return createRoleServer(
    { identity: tls, peerRole: 'traefik', onRefused },
    createPlainRequestHandler(deps),
  )
}

/** Both kinds of sockets for whoever ends them all. Those that change kinds do so from the first to the second. */
function together(first: SocketSet<Pending>, second: ConnectionRegistry<Connection>) {
  return {
    all: (): Pending[] => [...first.all(), ...second.all()],
    empty: () => first.empty().then(second.empty),
  }
}
