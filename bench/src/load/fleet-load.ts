// A load process: thousands of sockets through Traefik that stay, and the operator who ends them. One process, so that
// what was sent and what came have one clock. Runs one order at a time.

import { answerOrders } from './answer-orders.ts'
import { createAdminClient } from './fleet/admin-client.ts'
import type { FleetKind, FleetOrders, FleetRequest } from './fleet/fleet-protocol.ts'
import { openSockets } from './fleet/open-sockets.ts'
import { refreshAll } from './fleet/refresh-all.ts'
import { revokeOne } from './fleet/revoke-one.ts'
import { revokeSubject } from './fleet/revoke-subject.ts'
import { createRooms } from './fleet/rooms.ts'
import { createSockets } from './fleet/sockets.ts'

type Handlers = {
  readonly [Kind in FleetKind]: (
    order: FleetOrders[Kind]['order'],
  ) => Promise<FleetOrders[Kind]['result']>
}

const sockets = createSockets()
const rooms = createRooms()
const admin = createAdminClient()
const deps = { sockets, rooms, admin }

const handlers: Handlers = {
  open: (order) => openSockets(order, sockets),
  async seat({ fleet, operator }) {
    await rooms.seat(sockets.of(fleet), ({ sessionId }) => admin.nodeOf(operator, sessionId))
    return {}
  },
  async drop({ fleet }) {
    sockets.drop(fleet)
    return {}
  },
  revokeOne: (order) => revokeOne(order, deps),
  revokeSubject: (order) => revokeSubject(order, deps),
  refresh: (order) => refreshAll(order, sockets),
}

answerOrders<FleetRequest, object>(({ kind, order }) => handlers[kind](order as never))
