// Rooms that are never silent, one at each backend: many sockets publish in turns and one listens. The backend lets one
// socket say 20 messages a second, so an event every two milliseconds takes many that talk.

import type { LiveSocket } from './live-socket.ts'

/** How often something is said in a room. */
export const talkEveryMs = 2

type Room = { readonly listener: LiveSocket; readonly speakers: readonly LiveSocket[] }

export type Rooms = {
  /** Opens a room at every backend that has some of the talkers; one of those joins it and listens. */
  readonly seat: (talkers: readonly LiveSocket[], nodeOf: NodeOf) => Promise<void>
  readonly nodes: () => readonly string[]
  /** Who listens at a backend; throws when there is no room. */
  readonly listenerAt: (node: string) => LiveSocket
  /** Lets everybody talk in the room of a backend; returns what stops it. Throws when there is none. */
  readonly startTalk: (node: string) => () => void
}

/** The backend that has a socket. */
export type NodeOf = (socket: LiveSocket) => Promise<string>

/** No room yet. */
export function createRooms(): Rooms {
  let rooms: ReadonlyMap<string, Room> = new Map()

  function roomAt(node: string): Room {
    const room = rooms.get(node)
    if (!room) throw new Error(`nobody talks at the backend ${node}`)
    return room
  }

  return {
    async seat(talkers, nodeOf) {
      const found = new Map<string, LiveSocket[]>()
      for (const socket of talkers) {
        const node = await nodeOf(socket)
        found.set(node, [...(found.get(node) ?? []), socket])
      }
      const seated = new Map<string, Room>()
      for (const [node, [listener, ...speakers]] of found) {
        if (!listener || speakers.length === 0) continue
        await join(listener, node)
        seated.set(node, { listener, speakers })
      }
      rooms = seated
    },
    nodes: () => [...rooms.keys()],
    listenerAt: (node) => roomAt(node).listener,
    startTalk(node) {
      const { speakers } = roomAt(node)
      let turn = 0
      return every(talkEveryMs, () => {
        speakers[turn % speakers.length]?.send(publication(node, 'talker'))
        turn += 1
      })
    },
  }
}

/** `publish` to the room of a backend with a body that names who says it. */
export function publication(node: string, by: string) {
  return { type: 'publish', data: { channel: channelOf(node), data: { by } } }
}

/** Joins the room of a backend; resolves when that says so, rejects when it takes over five seconds. */
export async function join(socket: LiveSocket, node: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  socket.listen((text) => {
    if (text.startsWith('{"type":"subscribed"')) resolve()
  })
  const timer = setTimeout(() => reject(new Error('a room could not be joined')), 5000)
  socket.send({ type: 'subscribe', data: { channel: channelOf(node) } })
  await promise.finally(() => {
    clearTimeout(timer)
    socket.listen(undefined)
  })
}

function channelOf(node: string): string {
  return `room:bench-${node}`
}

/** Calls at a fixed rate by the clock: a late timer delays none of the following calls. */
export function every(intervalMs: number, call: () => void): () => void {
  let dueAtMs = performance.now()
  const timer = setInterval(() => {
    for (; dueAtMs <= performance.now(); dueAtMs += intervalMs) call()
  }, 1)
  return () => clearInterval(timer)
}
