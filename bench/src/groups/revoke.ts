// How long authority lives on after it was ended: one session among thousands of sockets, then everything of a subject
// at once. On two pairs, two backends and Redis, through Traefik, from the request on its way to the last message.

import { setTimeout as pause } from 'node:timers/promises'
import type { Context } from '../context.ts'
import type { Fleet, RevokeOneResult, SessionMint } from '../load/fleet/fleet-protocol.ts'
import { startFleet } from '../load/load-process.ts'
import { claimsOf } from '../load/mint.ts'
import { percentile } from '../measure.ts'
import { readOpenFiles, socketsThatFit } from '../open-files.ts'
import { type Measurement, notMeasured } from '../report.ts'
import { startTwoPairs, type TwoPairs } from '../stack/two-pairs.ts'
import { probeWhile } from './answer-probe.ts'
import { lastMessageMs } from './figures-of-samples.ts'
import type { Group } from './group.ts'
import { missingTool } from './missing-tool.ts'
import {
  describeLongest,
  revokeFigures,
  type SubjectRound,
  singleRows,
  wholeRows,
  withCount,
} from './revoke-rows.ts'

const full = { sockets: 5000, rounds: 100, subjectRounds: 2 }
const small = { sockets: 200, rounds: 4, subjectRounds: 1 }

/** Traefik spreads them over the backends, where one of them listens; the others say twelve messages a second each. */
const talkersPerGate = 41
/** Of the subject's sockets so many are in the rooms where talk never ceases. */
const listeners = 20
const fleets = { crowd: 'crowd', talkers: 'talkers' } as const

/** The group of endings. */
export const revokeGroup: Group = [{ figures: Object.values(revokeFigures), measure }]

async function measure(context: Context): Promise<Measurement[]> {
  const missing = await missingTool(context)
  if (missing) return Object.values(revokeFigures).map((figure) => notMeasured(figure, missing))
  const { rounds, subjectRounds, ...wanted } = context.options.quick ? small : full
  const system = await startTwoPairs(context, 'revoke')
  const count = socketsThatFit(wanted.sockets, readOpenFiles(), system.gates.length)
  const fleet = startFleet(context)
  const scene = { context, system, fleet, count }
  const talkers = await system.signIn('bob')
  await openMore(scene, fleets.talkers, talkers, talkersPerGate * system.gates.length)
  await fleet.seat({ fleet: fleets.talkers, operator: operatorAt(system, 0) })

  let crowd = await system.signIn('alice')
  await openMore(scene, fleets.crowd, crowd, count)
  const single = await revokeEach(scene, rounds)
  const whole: SubjectRound[] = []
  for (let round = 1; round <= subjectRounds; round += 1) {
    // Nothing that was issued before the subject was revoked is good any more.
    if (round > 1) crowd = await system.signIn('alice')
    await openMore(scene, fleets.crowd, crowd, round > 1 ? count : rounds)
    whole.push(await revokeAll(scene, crowd))
  }
  return [...singleRows(single), ...wholeRows(whole)].map((row) => withCount(row, count))
}

type Scene = {
  readonly context: Context
  readonly system: TwoPairs
  readonly fleet: Fleet
  /** Sockets of the crowd. */
  readonly count: number
}

async function openMore(
  { context, system, fleet }: Scene,
  name: string,
  mint: SessionMint,
  count: number,
): Promise<void> {
  const { gates } = system
  const { seconds, retried } = await fleet.open({ fleet: name, count, gates, mint })
  const again = retried > 0 ? `, ${retried} tried again` : ''
  context.say(`revoke: ${count} sockets more (${name}) in ${seconds.toFixed(1)} s${again}`)
}

/** The operator speaks to the victim's own pair and to the other one in turns. */
async function revokeEach(scene: Scene, rounds: number): Promise<RevokeOneResult[]> {
  const { context, system, fleet } = scene
  const taken: RevokeOneResult[] = []
  for (let round = 0; round < rounds; round += 1) {
    const gate = round % system.gates.length
    const asked = Math.floor(round / system.gates.length) % system.gates.length
    const operator = operatorAt(system, asked)
    taken.push(await fleet.revokeOne({ operator, fleet: fleets.crowd, gate }))
    const isTold = (round + 1) % Math.ceil(rounds / 5) === 0
    if (isTold) context.say(`revoke ${round + 1}/${rounds} ${describeOne(taken)}`)
  }
  return taken
}

async function revokeAll(scene: Scene, mint: SessionMint): Promise<SubjectRound> {
  const { context, system, fleet } = scene
  const calm = await probeWhile(system.backends, () => pause(1000))
  const { done: result, times } = await probeWhile(system.backends, () =>
    fleet.revokeSubject({
      operator: operatorAt(system, 0),
      fleet: fleets.crowd,
      listeners,
      subject: String(claimsOf(mint.template).claims['sub']),
    }),
  )
  const { sockets, answeredMs, lastMs, endedMs } = result
  context.say(
    `revoke subject: ${sockets} sockets, answered ${answeredMs.toFixed(1)} ms, last close frame ${lastMs.toFixed(1)} ms, last TCP ${endedMs.toFixed(1)} ms`,
  )
  const longest = times.longest.tookMs.toFixed(1)
  context.say(
    `revoke subject: longest answer ${longest} ms of ${times.asked}, ${describeLongest(times)} (calm ${calm.times.longest.tookMs.toFixed(1)} ms; who asked stood still for ${times.ownLongestMs.toFixed(1)} ms)`,
  )
  return { result, times }
}

function operatorAt({ gates, adminToken }: TwoPairs, place: number) {
  const { management = '' } = gates[place] ?? {}
  return { management, adminToken }
}

function describeOne(taken: readonly RevokeOneResult[]): string {
  const lasting = taken.map(lastMessageMs)
  const shares = [0.5, 0.99].map((share) => percentile(lasting, share).toFixed(1))
  const closed = percentile(
    taken.map(({ closedMs }) => closedMs),
    0.99,
  )
  return `last message p50 ${shares[0]} ms, p99 ${shares[1]} ms, close p99 ${closed.toFixed(1)} ms`
}
