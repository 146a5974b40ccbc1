// A backend's authority over simulated sidecars, with somebody whose authority is about to end and neighbours who keep
// theirs. On fake timers. Test code only.

import type { AuthorityEvent } from '@sallyport/contracts/authority-event'
import { createLog } from '@sallyport/service-kit/log'
import { vi } from 'vitest'
import { createAuthority } from '../authority/create-authority.ts'
import { createConnectionRegistry } from '../connection/connection-registry.ts'
import { createMetrics } from '../metrics.ts'
import { type FakeConnection, makeFakeConnection } from './fake-connection.ts'
import { createSeededSteps, seededRandom } from './seeded-steps.ts'
import { createSimulatedSidecar, createSimulatedStore, type Moments } from './simulated-store.ts'

const log = createLog('ws-backend', 'error', { write: () => {} })
const issuer = 'https://issuer.test'
const tokenOf = (id: string) => ({ id, keyId: 'k', issuedAtMs: 0 })

/** How a sidecar counts while nothing happens. */
const aliveIntervalMs = 4000
const tickMs = 100

/** What ends the victim; which of them, the seed decides. */
const endings: readonly AuthorityEvent[] = [
  { type: 'session-ended', sessionId: 'victim', subject: 'eve', scope: 'everything' },
  { type: 'subject-ended', issuer, subject: 'eve' },
  { type: 'token-revoked', issuer, tokenId: 'victim' },
]

/** Somebody with a session, a token and a name of their own. */
export function makePerson(name: string, subject = name, generation = 0): FakeConnection {
  return makeFakeConnection(name, {
    sessionId: name,
    subject,
    way: 'subprotocol',
    token: tokenOf(name),
    generation: { epoch: 'epoch-1', subject: generation, session: 0 },
  })
}

/** Builds one run; `recheckIntervalMs` is out of reach unless a test wants it. */
export function makeScene(seed: number, sidecarCount = 1, recheckIntervalMs = 1e9) {
  const random = seededRandom(seed)
  const steps = createSeededSteps(random)
  const store = createSimulatedStore(steps)
  const moments: Moments = {}
  const sidecars = Array.from({ length: sidecarCount }, (_, n) =>
    createSimulatedSidecar(`https://${n}.test`, store, moments),
  )
  const registry = createConnectionRegistry<FakeConnection>()
  const turns = steps.makeWay()
  const authority = createAuthority({
    sidecars,
    node: 'node-1',
    registry,
    recheckIntervalMs,
    maxBlindMs: 1e9,
    metrics: createMetrics(),
    nextTurn: turns.put,
    now: Date.now,
    wallClock: () => new Date(),
    random,
    log,
  })
  const victim = makePerson('victim', 'eve')
  const neighbours = ['ann', 'ben', 'cat'].map((name) => makePerson(name))
  let endedAtMs: number | undefined
  authority.start()

  /** Ends the victim, once. */
  function end(lost?: 'line' | 'event'): void {
    if (endedAtMs !== undefined) return
    endedAtMs = Date.now()
    store.apply(endings[seed % endings.length] as AuthorityEvent, lost)
  }

  /** Lets everything arrive, and time pass as long as the victim lives; yields how long that took, Infinity for ever. */
  async function outlive(maxMs: number): Promise<number> {
    await steps.all()
    if (endedAtMs === undefined) throw new Error('nothing has ended: the moment did not come')
    for (let passedMs = 0; passedMs <= maxMs; passedMs += tickMs) {
      if (victim.isDead()) return Date.now() - endedAtMs
      vi.advanceTimersByTime(tickMs)
      if (passedMs % aliveIntervalMs === 0) for (const sidecar of sidecars) sidecar.alive()
      await steps.all()
    }
    return Number.POSITIVE_INFINITY
  }

  return {
    random,
    steps,
    store,
    moments,
    sidecars,
    registry,
    authority,
    victim,
    neighbours,
    end,
    outlive,
    /** Some steps, how many the seed decides. */
    someSteps: () => steps.some(Math.floor(random() * 12)),
    /** Everybody named is live, and nothing is on its way. */
    settle: async (...connections: readonly FakeConnection[]): Promise<void> => {
      for (const connection of connections) void authority.admit(connection)
      await steps.all()
    },
    async close(): Promise<void> {
      await authority.close()
      vi.clearAllTimers()
    },
  }
}

export type Scene = ReturnType<typeof makeScene>
