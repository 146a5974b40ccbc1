// Turns an accepted upgrade with nobody behind it into a pending socket. What becomes of it: a connection like any other,
// registered and asked about again, once the sidecar has said whose it is – or a goodbye.

import { randomUUID } from 'node:crypto'
import type { AcceptedPending } from './connection/accept-upgrade.ts'
import type { Pending, PendingDeps } from './connection/connection-types.ts'
import { PendingConnection } from './connection/pending-connection.ts'
import type { SocketSet } from './connection/socket-set.ts'
import { closeCodeLabel, type Metrics } from './metrics.ts'

type PendingConnectorDeps = Pick<
  PendingDeps,
  'limits' | 'now' | 'wallClock' | 'authenticate' | 'takeOver' | 'log'
> & {
  readonly metrics: Metrics
  readonly pendings: SocketSet<Pending>
}

/** Builds what takes pending sockets over. */
export function createPendingConnector(deps: PendingConnectorDeps) {
  const { metrics, pendings } = deps

  function leave(pending: Pending): void {
    pendings.remove(pending)
    metrics.pending.set(pendings.size())
  }

  return ({ givePlaceBack, ...accepted }: AcceptedPending): PendingConnection => {
    const pending = new PendingConnection(
      { id: randomUUID(), ...accepted },
      {
        ...deps,
        onHandedOver: (one) => {
          givePlaceBack()
          leave(one)
        },
        onForgotten: (one, code) => {
          leave(one)
          metrics.closed.inc({ code: closeCodeLabel(code) })
        },
      },
    )
    metrics.accepted.inc()
    pendings.add(pending)
    metrics.pending.set(pendings.size())
    return pending
  }
}
