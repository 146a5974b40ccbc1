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

type BackendOptions = {
  readonly host: string
  readonly port: number
  readonly managementPort: number
  readonly tls: TlsIdentity
  readonly assertionKeys: readonly AssertionKey[]
  readonly authorityUrl: string
  /** Where sockets stand; `*` leaves it to the gate. */
  readonly socketPaths: readonly string[]
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
  const pendings = createSocketSet<Pending>()
  const sockets = together(pendings, registry)
  const drain = createDrain({ registry: sockets, random, timing: options.drainTiming })

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
  const { isSocketPath, isProbePath } = createSocketPaths(options.socketPaths)
  const server = createSocketServer(options.tls, metrics, {
    isDraining,
    isFeedConnected: link.isConnected,
    isProbePath,
  })
  const shared = { limits: options.limits, metrics, now, wallClock, log }
  const { accept, takeOver } = createConnector({ ...shared, registry, admit: authority.admit })
  acceptUpgrades(server, {
    ...shared,
    keys: options.assertionKeys,
    rememberNonce: createNonceMemory(maxNonces, now),
    isSocketPath,
    isDraining,
    takePendingPlace: createPendingPlaces(options.limits).take,
    onAccepted: accept,
    onPending: createPendingConnector({
      ...shared,
      pendings,
      authenticate: link.authenticate,
      takeOver,
    }),
    onRefused: (reason) => metrics.refused.inc({ reason }),
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
      for (const socket of sockets.all()) socket.end('lost')
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
