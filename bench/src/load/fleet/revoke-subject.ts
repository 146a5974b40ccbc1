// Everything of one subject at once: thousands of sockets, some of them in rooms where events never cease.

import { setTimeout as pause } from 'node:timers/promises'
import type { RevokeSubjectOrder, RevokeSubjectResult } from './fleet-protocol.ts'
import type { RevokeDeps } from './revoke-one.ts'
import { join } from './rooms.ts'
import { isOpen } from './sockets.ts'

/** The rooms talk for so long before the revocation is sent. */
const leadMs = 50
const patienceMs = 20_000

/** Revokes the subject of a fleet and waits until all of it has ended; rejects when some of it lives on. */
export async function revokeSubject(
  order: RevokeSubjectOrder,
  { sockets, rooms, admin }: RevokeDeps,
): Promise<RevokeSubjectResult> {
  const all = sockets.of(order.fleet).filter(isOpen)
  for (const socket of all.slice(0, order.listeners)) {
    await join(socket, await admin.nodeOf(order.operator, socket.sessionId))
  }
  const stops = rooms.nodes().map((node) => rooms.startTalk(node))
  try {
    await pause(leadMs)
    const { sentAtMs, answeredAtMs } = admin.revoke(order.operator, { subject: order.subject })
    const answered = await answeredAtMs
    const ended = Promise.all(all.map((socket) => socket.ended))
    await Promise.race([ended, pause(patienceMs)])
    const seen = all.map((socket) => socket.seen())
    const alive = seen.filter(({ endedAtMs }) => endedAtMs === undefined).length
    if (alive > 0) {
      const seconds = patienceMs / 1000
      throw new Error(`${alive} of ${all.length} revoked sockets were open after ${seconds} s`)
    }
    const latest = (times: readonly (number | undefined)[]) =>
      times.reduce<number>((last, atMs) => Math.max(last, (atMs ?? 0) - sentAtMs), 0)
    return {
      sockets: all.length,
      answeredMs: answered - sentAtMs,
      lastMs: latest(seen.flatMap(({ messageAtMs, closeAtMs }) => [messageAtMs, closeAtMs])),
      endedMs: latest(seen.map(({ endedAtMs }) => endedAtMs)),
    }
  } finally {
    for (const stop of stops) stop()
    sockets.drop(order.fleet)
  }
}
