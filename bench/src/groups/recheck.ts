// What it costs to ask about every live socket again and again, so that a lost event costs half a minute at most.
// Idle sockets do nothing else: heartbeats are put off, so what the sockets add is the question.

import { setTimeout as pause } from 'node:timers/promises'
import type { Context } from '../context.ts'
import { startFleet } from '../load/load-process.ts'
import { readOpenFiles, socketsThatFit } from '../open-files.ts'
import { type Figure, type Measurement, measured, notMeasured } from '../report.ts'
import { sumOfSamples } from '../stack/metrics.ts'
import { startTwoPairs, type TwoPairs } from '../stack/two-pairs.ts'
import { recheckShare, withNote } from './figures-of-samples.ts'
import type { Group } from './group.ts'
import { missingTool } from './missing-tool.ts'

const wanted = { sockets: 10_000, intervalSeconds: 30 }
const figure: Figure = {
  id: 'recheck.core-share',
  unit: 'share of a core, sidecars and backends together, 10,000 idle sockets',
  at: 'two pairs, two backends, Redis; asked every 30 s',
  goal: { atMost: 0.01 },
}

const full = { sockets: wanted.sockets, busySeconds: 25, calmSeconds: 8, settleSeconds: 6 }
const small = { sockets: 200, busySeconds: 10, calmSeconds: 2, settleSeconds: 1 }

/** As often as the backend can be told to: six times what is usual, so that it stands out. */
const intervalSeconds = 5
/** What a slow machine has not opened by then is made up for by scaling. */
const openWithinSeconds = 75
const fleetName = 'idle'

/** The group of the periodic question. */
export const recheckGroup: Group = [{ figures: [figure], measure }]

async function measure(context: Context): Promise<Measurement[]> {
  const missing = await missingTool(context)
  if (missing) return [notMeasured(figure, missing)]
  const { busySeconds, calmSeconds, settleSeconds, ...sample } = context.options.quick
    ? small
    : full
  const system = await startTwoPairs(context, 'recheck', {
    BACKEND_HEARTBEAT_MS: '300000',
    BACKEND_RECHECK_SECONDS: `${intervalSeconds}`,
  })
  const fleet = startFleet(context)
  const stretch = (seconds: number, what: string) =>
    takeStretch(context, system, { settleSeconds, seconds, what })

  const before = await stretch(calmSeconds, 'no sockets, before')
  const { gates } = system
  const { opened: count, seconds } = await fleet.open({
    fleet: fleetName,
    count: socketsThatFit(sample.sockets, readOpenFiles(), gates.length),
    gates,
    mint: await system.signIn('alice'),
    withinSeconds: openWithinSeconds,
  })
  context.say(`recheck: ${count} sockets in ${seconds.toFixed(1)} s`)
  const busy = await stretch(busySeconds, `${count} sockets`)
  await fleet.drop({ fleet: fleetName })
  const after = await stretch(calmSeconds, 'no sockets, after')

  if (busy.rounds === 0)
    return [notMeasured(figure, 'nobody was asked about while it was measured')]
  // Whichever is less: what a start or a clean-up costs must not be taken off.
  const calm = Math.min(before.share, after.share)
  return [toMeasurement({ busy: busy.share, calm, sockets: count, intervalSeconds })]
}

type Stretch = {
  /** Of one core. */
  readonly share: number
  /** How often a backend has asked about all of its sockets. */
  readonly rounds: number
}

async function takeStretch(
  context: Context,
  { cpuSeconds, backends }: TwoPairs,
  { settleSeconds, seconds, what }: { settleSeconds: number; seconds: number; what: string },
): Promise<Stretch> {
  const origins = backends.map(({ management }) => management)
  const roundsUntilNow = () => sumOfSamples(origins, 'sallyport_authority_recheck_seconds_count')
  await pause(settleSeconds * 1000)
  const roundsBefore = await roundsUntilNow()
  const startedAtMs = performance.now()
  const before = cpuSeconds()
  await pause(seconds * 1000)
  const after = cpuSeconds()
  const tookSeconds = (performance.now() - startedAtMs) / 1000
  const [sidecars, backendsShare] = [
    (after.sidecars - before.sidecars) / tookSeconds,
    (after.backends - before.backends) / tookSeconds,
  ]
  const rounds = (await roundsUntilNow()) - roundsBefore
  const percent = (share: number) => `${(share * 100).toFixed(2)} %`
  context.say(
    `recheck, ${what}: sidecars ${percent(sidecars)}, backends ${percent(backendsShare)} of a core, ${rounds} rounds`,
  )
  return { share: sidecars + backendsShare, rounds }
}

function toMeasurement(sample: Parameters<typeof recheckShare>[0]): Measurement {
  const share = recheckShare(sample, wanted)
  const { busy, calm, sockets } = sample
  const counted = `${sockets.toLocaleString('en')} sockets`
  const note = `${counted} asked about every ${intervalSeconds} s took ${busy.toFixed(4)} of a core, none took ${calm.toFixed(4)}; the difference is scaled to every ${wanted.intervalSeconds} s and ${wanted.sockets.toLocaleString('en')} sockets (heartbeats put off)`
  return withNote(measured(figure, { median: share, low: share, high: share }), note)
}
