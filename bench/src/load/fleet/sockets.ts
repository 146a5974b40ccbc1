// The sockets that are held, by the name of their fleet, each from a loopback address of its own: 127.0.0.0/8 is all
// loopback, and every limit on a client counts by address.

import type { LiveSocket } from './live-socket.ts'

export type Sockets = {
  /** Those of a fleet, ended ones too; empty for a name that nobody used. */
  readonly of: (fleet: string) => readonly LiveSocket[]
  readonly add: (fleet: string, socket: LiveSocket) => void
  /** Cuts a fleet and forgets it. */
  readonly drop: (fleet: string) => void
  /** The next of a fleet at a gate that is open, so that none is taken twice; throws when there is none left. */
  readonly takeAt: (fleet: string, gate: number) => LiveSocket
  readonly nextAddress: () => string
}

/** Holds nothing yet. */
export function createSockets(): Sockets {
  const fleets = new Map<string, LiveSocket[]>()
  const nextAddress = createLoopbackAddresses()
  const of = (fleet: string) => fleets.get(fleet) ?? []
  return {
    of,
    nextAddress,
    add(fleet, socket) {
      fleets.set(fleet, of(fleet))
      of(fleet).push(socket)
    },
    drop(fleet) {
      for (const socket of of(fleet)) socket.cut()
      fleets.delete(fleet)
    },
    takeAt(fleet, gate) {
      const found = of(fleet).findIndex((socket) => socket.gate === gate && isOpen(socket))
      const [socket] = found < 0 ? [] : of(fleet).splice(found, 1)
      if (!socket) throw new Error(`no socket of ${fleet} is left at gate ${gate}`)
      return socket
    },
  }
}

/** Neither closed nor ended, as far as the client knows. */
export function isOpen(socket: LiveSocket): boolean {
  const { closeAtMs, endedAtMs } = socket.seen()
  return closeAtMs === undefined && endedAtMs === undefined
}

const firstAddress = 2 ** 16 + 1
const countOfAddresses = 2 ** 24 - 2 - firstAddress

/** Addresses of 127.0.0.0/8, each once until all were used; none that anything listens at. */
export function createLoopbackAddresses(): () => string {
  let count = 0
  return () => {
    const address = firstAddress + (count % countOfAddresses)
    count += 1
    return `127.${address >> 16}.${(address >> 8) & 255}.${address & 255}`
  }
}
