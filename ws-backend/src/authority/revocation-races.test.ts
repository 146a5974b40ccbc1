// A revocation at every step between "verified" and "live", and while feeds and sidecars come and go: 1,000 orders of
// events each, decided by a seed. A survivor here would be a breach; a neighbour who ends would be an outage.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { makePerson, makeScene, type Scene } from '../testing/race-scene.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const runs = 1000
/** On a machine that does other things as well. */
const timeout = 60_000
const token = { keyId: 'k', issuedAtMs: 0 }

type Race = {
  readonly sidecars?: number
  readonly recheckIntervalMs?: number
  /** How long it may take, beyond what is on its way. */
  readonly boundMs: number
  readonly play: (scene: Scene) => Promise<void>
}

/** Ends the victim the first time a moment comes. */
function at(moment: 'onAsked' | 'onJudged' | 'onAnswered') {
  return async ({ moments, end, settle, authority, victim, neighbours, someSteps }: Scene) => {
    await settle(...neighbours)
    moments[moment] = () => end()
    void authority.admit(victim)
    await someSteps()
  }
}

/** The feed is lost and comes back; the revocation falls somewhere in between, before or after. */
async function whileFeedsComeBack({ sidecars, end, someSteps, steps, random }: Scene) {
  for (const sidecar of sidecars) {
    if (random() < 0.3) sidecar.keep(0)
    sidecar.cutFeeds()
  }
  if (random() < 0.3) end()
  await someSteps()
  if (random() < 0.3) end()
  vi.advanceTimersByTime(150)
  await someSteps()
  end()
  await steps.some(1)
}

const races: Record<string, Race> = {
  'before the registration': {
    boundMs: 0,
    async play({ settle, neighbours, end, someSteps, authority, victim }) {
      await settle(...neighbours)
      end()
      await someSteps()
      void authority.admit(victim)
    },
  },
  'between the registration and the judgement': { boundMs: 0, play: at('onAsked') },
  'between the judgement and its answer': { boundMs: 0, play: at('onJudged') },
  'with the answer': { boundMs: 0, play: at('onAnswered') },
  'while everybody is asked about': {
    boundMs: 0,
    async play({ settle, neighbours, victim, sidecars, moments, end, someSteps, random }) {
      await settle(...neighbours, victim)
      moments[random() < 0.5 ? 'onJudged' : 'onAsked'] = () => end()
      sidecars[0]?.say({ type: 'policy', digest: 'policy-2' })
      await someSteps()
    },
  },
  'during a feed’s reconnect': {
    boundMs: 500,
    async play(scene) {
      await scene.settle(...scene.neighbours, scene.victim)
      await whileFeedsComeBack(scene)
    },
  },
  'during a feed’s reconnect and an admission': {
    boundMs: 500,
    async play(scene) {
      await scene.settle(...scene.neighbours)
      void scene.authority.admit(scene.victim)
      await whileFeedsComeBack(scene)
    },
  },
  'while one sidecar of two goes down and the other one answers': {
    sidecars: 2,
    boundMs: 500,
    async play({ settle, neighbours, victim, authority, sidecars, random, someSteps, end }) {
      await settle(...neighbours)
      const failing = sidecars[Math.floor(random() * 2)]
      void authority.admit(victim)
      await someSteps()
      failing?.become('down')
      failing?.cutFeeds()
      if (random() < 0.5) await someSteps()
      end()
    },
  },
  'while one sidecar of two freezes and its question goes to the other one': {
    sidecars: 2,
    boundMs: 2000,
    async play({ settle, neighbours, victim, authority, sidecars, random, someSteps, end }) {
      await settle(...neighbours)
      void authority.admit(victim)
      if (random() < 0.5) await someSteps()
      sidecars[Math.floor(random() * 2)]?.become('frozen')
      if (random() < 0.5) end()
      vi.advanceTimersByTime(random() < 0.5 ? 500 : 1000)
      await someSteps()
      end()
    },
  },
  'around a change of identity': {
    boundMs: 0,
    async play({ settle, neighbours, victim, authority, random, someSteps, end }) {
      const { identity } = victim
      const before = { ...identity, sessionId: 'before', token: { ...token, id: 'before' } }
      victim.identity = before
      await settle(...neighbours, victim)
      if (random() < 0.3) end()
      await someSteps()
      victim.identity = identity
      authority.identityChanged(victim, before)
      await someSteps()
      end()
    },
  },
  'with a line that no feed delivers, until a feed counts differently': {
    sidecars: 2,
    boundMs: 4500,
    async play({ settle, neighbours, victim, end, someSteps, random }) {
      await settle(...neighbours)
      if (random() < 0.3) end('line')
      await settle(victim)
      await someSteps()
      end('line')
    },
  },
  'with an event that nobody counts, until everybody is asked about': {
    sidecars: 2,
    recheckIntervalMs: 5000,
    boundMs: 5000,
    async play({ settle, neighbours, victim, end, someSteps, random }) {
      await settle(...neighbours)
      if (random() < 0.3) end('event')
      await settle(victim)
      await someSteps()
      end('event')
    },
  },
}

async function run(seed: number, race: Race): Promise<string | undefined> {
  const scene = makeScene(seed, race.sidecars, race.recheckIntervalMs)
  await scene.settle()
  await race.play(scene)
  const tookMs = await scene.outlive(race.boundMs + 5000)
  const ended = scene.neighbours.filter((neighbour) => neighbour.isDead())
  const live = scene.neighbours.filter((neighbour) => neighbour.isLive())
  await scene.close()
  if (tookMs > race.boundMs) return `run ${seed}: the victim lived for ${tookMs} ms`
  if (ended.length > 0) return `run ${seed}: a neighbour ended`
  return live.length === scene.neighbours.length ? undefined : `run ${seed}: a neighbour hangs`
}

describe('a revocation', { timeout }, () => {
  it.each(
    Object.entries(races),
  )(`SES-4 W86 leaves no survivor of ${runs} when it falls %s`, async (_, race) => {
    const faults: string[] = []
    for (let seed = 1; seed <= runs; seed += 1) {
      const fault = await run(seed, race)
      if (fault !== undefined) faults.push(fault)
    }
    expect(faults).toEqual([])
  })
})

describe('a subject that came back', { timeout }, () => {
  /** Every third seed ends the subject. */
  const seeds = Array.from({ length: runs }, (_, n) => n * 3 + 1)

  it.each([1, 2])('W86 outlives the old line when %d sidecars tell it late', async (sidecars) => {
    const faults: number[] = []
    for (const seed of seeds) {
      const scene = makeScene(seed, sidecars)
      const { authority, settle, neighbours, victim, end, steps, someSteps } = scene
      await settle(...neighbours, victim)
      scene.sidecars.at(-1)?.cutFeeds()
      end()
      await steps.all()
      const back = makePerson('back', 'eve', 1)
      if (scene.random() < 0.5) vi.advanceTimersByTime(100)
      void authority.admit(back)
      await someSteps()
      vi.advanceTimersByTime(100)
      const tookMs = await scene.outlive(1000)
      if (tookMs > 500 || !back.isLive()) faults.push(seed)
      await scene.close()
    }
    expect(faults).toEqual([])
  })
})
