// Turns a socket with somebody behind it into a registered connection that is being asked about, or into one too many.

import { randomUUID } from 'node:crypto'
import type { Log } from '@sallyport/service-kit/log'
import type { AcceptedUpgrade } from './connection/accept-upgrade.ts'
import { SocketConnection } from './connection/connection.ts'
import type { ConnectionLimits } from './connection/connection-limits.ts'
import type { ConnectionRegistry } from './connection/connection-registry.ts'
import type {
  Connection,
  ConnectionDeps,
  ConnectionOptions,
} from './connection/connection-types.ts'
import { createSocketQuota } from './connection/socket-quota.ts'
import { createDispatch } from './dispatch.ts'
import { mayUseChannel } from './messaging/channel-access.ts'
import { createMessaging } from './messaging/messaging.ts'
import { closeCodeLabel, type Metrics } from './metrics.ts'

type ConnectorDeps = {
  readonly limits: ConnectionLimits
  readonly metrics: Metrics
  readonly registry: ConnectionRegistry<Connection>
  /** Registers the connection and asks whether its identity is still good. */
  readonly admit: (connection: Connection) => Promise<void>
  /** May this token go on under a socket? Throws when there is no trustworthy answer. */
  readonly refresh: ConnectionDeps['refresh']
  /** A refresh replaced a connection's identity: re-index, and ask again. */
  readonly onIdentityChanged: ConnectionDeps['onIdentityChanged']
  readonly hold: ConnectionDeps['hold']
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number
  readonly wallClock: () => Date
  readonly log: Log
}

/** When a socket too many may be tried again: other sockets do not go by themselves. */
const crowdedRetryMs = 10_000

/** Builds what takes such sockets over. */
export function createConnector(deps: ConnectorDeps) {
  const { limits, metrics, registry, now, wallClock, log } = deps
  const messaging = createMessaging({ maxChannels: limits.maxChannels, wallClock, mayUseChannel })
  const quota = createSocketQuota<SocketConnection>(limits, (oldest) => {
    log.info({ connectionId: oldest.id }, 'a socket gives way to a newer one')
    oldest.end('replaced')
  })
  const connectionDeps: ConnectionDeps = {
    limits,
    now,
    wallClock,
    random: Math.random,
    hold: deps.hold,
    handle: createDispatch({ messaging }),
    refresh: deps.refresh,
    changePlace: (connection, { sessionId }) => quota.move(connection, sessionId),
    leaveForbidden: messaging.leaveForbidden,
    onIdentityChanged: deps.onIdentityChanged,
    onDead: (connection) => {
      quota.giveBack(connection)
      messaging.leave(connection)
    },
    onEventDropped: () => metrics.eventsDropped.inc(),
    onForgotten: (connection, code) => {
      registry.remove(connection)
      metrics.open.set(registry.size())
      metrics.closed.inc({ code: closeCodeLabel(code) })
    },
    log,
  }

  function refuse(connection: Connection, verdict: string): void {
    const { id, identity } = connection
    log.warn(
      { connectionId: id, sessionId: identity.sessionId, quota: verdict },
      'a socket too many is refused',
    )
    // Registered like every other, so that a stop waits for its goodbye.
    registry.add(connection)
    connection.end('rateLimited', crowdedRetryMs)
  }

  const takeOver = (options: ConnectionOptions): SocketConnection => {
    const connection = new SocketConnection(options, connectionDeps)
    const verdict = quota.take(connection)
    if (verdict === 'taken') void deps.admit(connection)
    else refuse(connection, verdict)
    metrics.open.set(registry.size())
    return connection
  }

  return {
    /** A socket that somebody was behind from the start. */
    accept: (accepted: AcceptedUpgrade): SocketConnection => {
      metrics.accepted.inc()
      const { arrivedAtMs: authorityFromMs } = accepted
      return takeOver({ ...accepted, id: randomUUID(), authorityFromMs, early: [] })
    },
    takeOver,
  }
}
