// What it costs the services to go on with a new token under an open socket, and how many sockets it costs.

import { setTimeout as pause } from 'node:timers/promises'
import type { Context } from '../context.ts'
import type { RefreshResult } from '../load/fleet/fleet-protocol.ts'
import { startFleet } from '../load/load-process.ts'
import { spreadOf } from '../measure.ts'
import { type Figure, type Measurement, measured, notMeasured } from '../report.ts'
import { startTwoPairs, type TwoPairs } from '../stack/two-pairs.ts'
import { withNote } from './figures-of-samples.ts'
import type { Group } from './group.ts'
import { missingTool } from './missing-tool.ts'

const at = 'two pairs, two backends, Redis; `auth.refresh` through Traefik'
const figures = {
  cpu: {
    id: 'refresh.cpu-us',
    unit: 'µs of CPU each, sidecars and backends together',
    at,
    goal: { atMost: 300 },
  },
  dropped: {
    id: 'refresh.dropped',
    unit: 'sockets of 1,000 that ended or had an error',
    at,
    goal: { atMost: 0 },
  },
} as const satisfies Record<string, Figure>

/** A socket may refresh ten times a minute; the rounds that warm up are among them. */
const full = { sockets: 1000, warmUpRounds: 3, rounds: 6 }
const small = { sockets: 60, warmUpRounds: 1, rounds: 2 }

/** What belongs to a refresh but comes after its answer (the identity is asked about once more). */
const settleMs = 500
const fleetName = 'refreshing'

/** The group of refreshes. */
export const refreshGroup: Group = [{ figures: Object.values(figures), measure }]

async function measure(context: Context): Promise<Measurement[]> {
  const missing = await missingTool(context)
  if (missing) return Object.values(figures).map((figure) => notMeasured(figure, missing))
  const { sockets, warmUpRounds, rounds } = context.options.quick ? small : full
  // Neither heartbeats nor the periodic question are what is measured.
  const system = await startTwoPairs(context, 'refresh', {
    BACKEND_HEARTBEAT_MS: '300000',
    BACKEND_RECHECK_SECONDS: '300',
  })
  const fleet = startFleet(context)
  const mint = await system.signIn('alice')
  const { seconds } = await fleet.open({
    fleet: fleetName,
    count: sockets,
    gates: system.gates,
    mint,
  })
  context.say(`refresh: ${sockets} sockets in ${seconds.toFixed(1)} s`)

  const taken: Sample[] = []
  for (let round = 1 - warmUpRounds; round <= rounds; round += 1) {
    const sample = await takeSample(system, () => fleet.refresh({ fleet: fleetName, mint }))
    context.say(`refresh ${round < 1 ? 'warm-up' : `${round}/${rounds}`} ${describe(sample)}`)
    taken.push(sample)
  }
  return [cpuRow(taken.slice(warmUpRounds)), droppedRow(taken, sockets)]
}

type Sample = RefreshResult & {
  /** Microseconds for each that was answered. */
  readonly sidecarsCpuUs: number
  readonly backendsCpuUs: number
}

async function takeSample(
  { cpuSeconds }: TwoPairs,
  refresh: () => Promise<RefreshResult>,
): Promise<Sample> {
  const before = cpuSeconds()
  const result = await refresh()
  await pause(settleMs)
  const after = cpuSeconds()
  const each = 1e6 / result.refreshed
  return {
    ...result,
    sidecarsCpuUs: (after.sidecars - before.sidecars) * each,
    backendsCpuUs: (after.backends - before.backends) * each,
  }
}

function cpuRow(warm: readonly Sample[]): Measurement {
  const each = warm.map(({ sidecarsCpuUs, backendsCpuUs }) => sidecarsCpuUs + backendsCpuUs)
  return measured(figures.cpu, spreadOf(each))
}

/** The worst of all rounds, those that warmed up among them. */
function droppedRow(taken: readonly Sample[], sockets: number): Measurement {
  const ended = sockets - Math.min(...taken.map(({ open }) => open))
  const failed = taken.map(({ failures }) =>
    Object.values(failures).reduce((total, count) => total + count, 0),
  )
  const dropped = Math.max(ended, ...failed)
  const kinds = [...new Set(taken.flatMap(({ failures }) => Object.keys(failures)))]
  const unit = figures.dropped.unit.replace('1,000', sockets.toLocaleString('en'))
  return withNote(
    measured(
      { ...figures.dropped, unit },
      { median: dropped, low: Math.min(...failed), high: dropped },
    ),
    kinds.length > 0 ? `they were told: ${kinds.join(', ')}` : undefined,
  )
}

function describe(sample: Sample): string {
  const { refreshed, seconds, latencyMs, sidecarsCpuUs, backendsCpuUs, failures } = sample
  const failed = Object.entries(failures).map(([what, count]) => `, ${count} ${what}`)
  const cpu = `${sidecarsCpuUs.toFixed(0)} µs sidecars + ${backendsCpuUs.toFixed(0)} µs backends`
  const { p50, p99 } = latencyMs
  return `${refreshed} in ${seconds.toFixed(1)} s, ${cpu}, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms${failed.join('')}`
}
