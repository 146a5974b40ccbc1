// One `auth.refresh` on every socket of a fleet, so many at a time, each with a new token of its own session.

import { percentile } from '../../measure.ts'
import type { RefreshOrder, RefreshResult } from './fleet-protocol.ts'
import type { LiveSocket } from './live-socket.ts'
import { createSessionMinter } from './session-mint.ts'
import { isOpen, type Sockets } from './sockets.ts'

const lanes = 16
const patienceMs = 10_000

/** Refreshes all of them once. A refusal is counted, not a fault; rejects when nothing was refreshed at all. */
export async function refreshAll(
  { fleet, mint }: RefreshOrder,
  sockets: Sockets,
): Promise<RefreshResult> {
  const minter = createSessionMinter(mint, Date.now)
  const all = sockets.of(fleet)
  const tokens = all.map(({ sessionId }) => minter.tokenOf(sessionId))
  const latenciesMs: number[] = []
  const failures = new Map<string, number>()
  let next = 0
  const startedAtMs = performance.now()
  const lane = async () => {
    while (next < all.length) {
      const [socket, token = ''] = [all[next], tokens[next]]
      next += 1
      if (!socket) return
      const sentAtMs = performance.now()
      const failure = await refreshOne(socket, token)
      if (failure === undefined) latenciesMs.push(performance.now() - sentAtMs)
      else failures.set(failure, (failures.get(failure) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  const seconds = (performance.now() - startedAtMs) / 1000
  if (latenciesMs.length === 0)
    throw new Error(`no socket was refreshed: ${[...failures.keys()].join(', ')}`)
  return {
    refreshed: latenciesMs.length,
    failures: Object.fromEntries(failures),
    open: all.filter(isOpen).length,
    seconds,
    latencyMs: { p50: percentile(latenciesMs, 0.5), p99: percentile(latenciesMs, 0.99) },
  }
}

/** Undefined when it was renewed; else what was said instead. */
async function refreshOne(socket: LiveSocket, token: string): Promise<string | undefined> {
  if (!isOpen(socket)) return 'ended'
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  socket.listen((text) => {
    if (text.startsWith('{"type":"auth.ok"')) resolve(undefined)
    else if (text.startsWith('{"type":"error"')) resolve(errorCodeOf(text))
  })
  void socket.ended.then(() => resolve('ended'))
  const timer = setTimeout(() => resolve('no answer'), patienceMs)
  socket.send({ type: 'auth.refresh', id: 'r', data: { token } })
  return promise.finally(() => {
    clearTimeout(timer)
    socket.listen(undefined)
  })
}

function errorCodeOf(text: string): string {
  const { data } = JSON.parse(text) as { readonly data?: { readonly code?: string } }
  return data?.code ?? 'error'
}
