// Opens a fleet: so many upgrades at a time, spread over the gates in turns, each with a token of its own session.

import type { OpenOrder, OpenResult } from './fleet-protocol.ts'
import { type LiveSocket, openLiveSocket } from './live-socket.ts'
import { createSessionMinter } from './session-mint.ts'
import type { Sockets } from './sockets.ts'

/** More would only wait in Traefik. */
const lanes = 32
const tries = 3

/** Opens what the order says, or what of it fits into its time; rejects when one socket cannot be opened in three tries. */
export async function openSockets(order: OpenOrder, sockets: Sockets): Promise<OpenResult> {
  const startedAtMs = performance.now()
  const minter = createSessionMinter(order.mint, Date.now)
  const lastBeginAtMs = startedAtMs + (order.withinSeconds ?? Infinity) * 1000
  let [begun, retried] = [0, 0]

  async function openOne(place: number): Promise<LiveSocket> {
    const gate = place % order.gates.length
    const { port = 0, origin = '' } = order.gates[gate] ?? {}
    let fault: unknown
    for (let attempt = 0; attempt < tries; attempt += 1) {
      const sessionId = minter.newSessionId()
      const token = minter.tokenOf(sessionId)
      const localAddress = sockets.nextAddress()
      try {
        return await openLiveSocket({ port, origin, token, localAddress, sessionId, gate })
      } catch (error) {
        fault = error
        retried += 1
      }
    }
    throw new Error(`a socket could not be opened: ${(fault as Error).message}`)
  }
  const lane = async () => {
    while (begun < order.count && performance.now() < lastBeginAtMs) {
      const place = begun
      begun += 1
      sockets.add(order.fleet, await openOne(place))
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return { opened: begun, seconds: (performance.now() - startedAtMs) / 1000, retried }
}
