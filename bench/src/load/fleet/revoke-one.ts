// One round: a socket of thousands in a room where everybody talks, itself too; its session is revoked while it does.
// What is told is when the last of what it was sent, and of what it said, arrived.

import { setTimeout as pause } from 'node:timers/promises'
import type { AdminClient } from './admin-client.ts'
import type { RevokeOneOrder, RevokeOneResult } from './fleet-protocol.ts'
import type { LiveSocket } from './live-socket.ts'
import { every, join, publication, type Rooms, talkEveryMs } from './rooms.ts'
import type { Sockets } from './sockets.ts'

/** How long both talk before the revocation is sent. */
const leadMs = 24
/** The backend takes 40 messages of one socket at once, its `subscribe` among them, and 20 a second after those. */
const burst = 38
const slowTicks = 50 / talkEveryMs
/** What comes so much later than the end would have been found. */
const stragglerMs = 100
const patienceMs = 10_000

export type RevokeDeps = {
  readonly sockets: Sockets
  readonly rooms: Rooms
  readonly admin: AdminClient
}

/** Takes the next socket of the fleet at the gate and revokes its session; rejects when it lives on or the room is silent. */
export async function revokeOne(
  { operator, fleet, gate }: RevokeOneOrder,
  { sockets, rooms, admin }: RevokeDeps,
): Promise<RevokeOneResult> {
  const victim = sockets.takeAt(fleet, gate)
  const node = await admin.nodeOf(operator, victim.sessionId)
  await join(victim, node)
  const heard = hear(rooms.listenerAt(node), victim.sessionId)
  const delivered = countEvents(victim)
  const stops = [rooms.startTalk(node), startVictim(victim, node)]
  try {
    await pause(leadMs)
    const before = { delivered: delivered(), heard: heard.count() }
    const { sentAtMs, answeredAtMs } = admin.revoke(operator, { sessionId: victim.sessionId })
    const answered = await answeredAtMs
    await endOf(victim)
    await pause(stragglerMs)
    if (before.delivered === 0 || before.heard === 0) {
      throw new Error(`the room at the backend ${node} was silent`)
    }
    const { messageAtMs, closeAtMs, endedAtMs = 0 } = victim.seen()
    const sinceSent = (atMs: number | undefined) => Math.max(0, (atMs ?? 0) - sentAtMs)
    return {
      answeredMs: sinceSent(answered),
      lastDeliveredMs: sinceSent(messageAtMs),
      lastHeardMs: sinceSent(heard.lastAtMs()),
      closedMs: sinceSent(closeAtMs ?? endedAtMs),
      endedMs: sinceSent(endedAtMs),
    }
  } finally {
    for (const stop of stops) stop()
    heard.stop()
  }
}

/** Says something every two milliseconds as long as the backend's burst lasts, then as often as it may. */
function startVictim(victim: LiveSocket, node: string): () => void {
  const message = publication(node, victim.sessionId)
  let tick = 0
  return every(talkEveryMs, () => {
    if (tick < burst || (tick - burst) % slowTicks === slowTicks - 1) victim.send(message)
    tick += 1
  })
}

function countEvents(socket: LiveSocket): () => number {
  let count = 0
  socket.listen((text) => {
    if (text.startsWith('{"type":"event"') && text.includes('"talker"')) count += 1
  })
  return () => count
}

/** Remembers when a member of the room last heard somebody. */
function hear(listener: LiveSocket, sessionId: string) {
  let [count, lastAtMs] = [0, undefined as number | undefined]
  listener.listen((text) => {
    if (!text.includes(`"${sessionId}"`)) return
    count += 1
    lastAtMs = performance.now()
  })
  return {
    count: () => count,
    lastAtMs: () => lastAtMs,
    stop: () => listener.listen(undefined),
  }
}

async function endOf(victim: LiveSocket): Promise<void> {
  const done = new AbortController()
  const late = pause(patienceMs, undefined, { signal: done.signal }).then(() => {
    throw new Error(`a revoked socket was open after ${patienceMs / 1000} s`)
  })
  await Promise.race([victim.ended, late.catch(rethrowUnlessAborted)])
  done.abort()
}

function rethrowUnlessAborted(error: Error): void {
  if (error.name !== 'AbortError') throw error
}
