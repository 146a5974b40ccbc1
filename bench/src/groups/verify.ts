// The sidecar's hot path against floors: what one decided handshake costs above what any answer costs.

import { join } from 'node:path'
import type { Context } from '../context.ts'
import { readCpuSeconds } from '../cpu-time.ts'
import { type Load, startLoad } from '../load/load-process.ts'
import { interleave, type Round, ratioOfRounds } from '../measure.ts'
import { cores } from '../processes.ts'
import { type Figure, type Measurement, measured } from '../report.ts'
import { startServer } from '../servers/start-server.ts'
import { makeSecrets, type Secrets } from '../stack/launcher-parts.ts'
import { origin, startSidecar } from '../stack/sidecar.ts'

const figures = {
  warm: { id: 'verify.warm.ratio', unit: 'ratio of CPU per request', goal: { atLeast: 0.8 } },
  bare: { id: 'verify.bare.ratio', unit: 'ratio of CPU per request', goal: null },
  throughput: { id: 'verify.warm.throughput-ratio', unit: 'ratio of requests/s', goal: null },
} as const satisfies Record<string, Figure>

/** Every figure of this group. */
export const verifyFigures: readonly Figure[] = Object.values(figures)

const rounds = 7
const streams = 64
/** The compiler of V8 needs requests, not time: so many, unless the machine is too slow for that. */
const warmUp = { requests: 30_000, stretches: 8, stretchMs: 1500 } as const
const sampleMs = 1500

type Subject = { readonly port: number; readonly pid: number }
type Sample = {
  readonly answered: number
  readonly perSecond: number
  readonly cpuMicroseconds: number
}
type Name = 'real' | 'floor' | 'bare'

/** Measures the group. Rejects when a process cannot be started or a handshake is refused. */
export async function measureVerify(context: Context): Promise<Measurement[]> {
  const secrets = await makeSecrets(join(context.scratch, 'verify'))
  const { subjects, token, load } = await startSubjects(context, secrets)
  const run = (name: Name, durationMs: number) =>
    takeSample(load, subjects[name], { token, tls: secrets.traefikTls, durationMs })
  const names = ['real', 'floor', 'bare'] as const
  for (const name of names) {
    context.say(`verify warm-up ${name}`)
    await warm((durationMs) => run(name, durationMs))
  }
  const taken = await interleave(names, rounds, async (name, round) => {
    const sample = await run(name, sampleMs)
    context.say(`verify ${round}/${rounds} ${name.padEnd(5)} ${describe(sample)}`)
    return sample
  })
  return toMeasurements(taken)
}

async function warm(run: (durationMs: number) => Promise<Sample>): Promise<void> {
  let answered = 0
  for (let stretch = 0; stretch < warmUp.stretches && answered < warmUp.requests; stretch += 1) {
    answered += (await run(warmUp.stretchMs)).answered
  }
}

async function startSubjects(context: Context, secrets: Secrets) {
  const { profileFolder } = context.options
  const sidecar = await startSidecar(context, secrets, { core: cores.underTest, profileFolder })
  const load = startLoad(context)
  const { token } = sidecar
  const real = { port: sidecar.verifyPort, pid: sidecar.process.pid }
  const first = { port: real.port, tls: secrets.traefikTls, token, origin, streams: 1 }
  const { assertion } = await load.run({ ...first, durationMs: 100 })
  const startFloor = (kind: 'equal-work' | 'bare') =>
    startServer(context, 'floor-server.ts', [secrets.sidecarTls, kind, assertion], cores.underTest)
  const [floor, bare] = [await startFloor('equal-work'), await startFloor('bare')]
  const subjects: Record<Name, Subject> = {
    real,
    floor: { port: floor.port, pid: floor.process.pid },
    bare: { port: bare.port, pid: bare.process.pid },
  }
  return { subjects, token, load }
}

async function takeSample(
  load: Load,
  { port, pid }: Subject,
  order: { readonly token: string; readonly tls: string; readonly durationMs: number },
): Promise<Sample> {
  const before = readCpuSeconds(pid)
  const { answered, seconds } = await load.run({ ...order, port, origin, streams })
  const cpuSeconds = readCpuSeconds(pid) - before
  return { answered, perSecond: answered / seconds, cpuMicroseconds: (cpuSeconds / answered) * 1e6 }
}

function describe({ perSecond, cpuMicroseconds }: Sample): string {
  const busy = Math.round((perSecond * cpuMicroseconds) / 1e4)
  return `${Math.round(perSecond)} requests/s, ${cpuMicroseconds.toFixed(1)} µs CPU each, core ${busy} % busy`
}

function toMeasurements(taken: readonly Round<Name, Sample>[]): Measurement[] {
  const cpu = (name: Name) => (round: Round<Name, Sample>) => round[name].cpuMicroseconds
  const speed = (name: Name) => (round: Round<Name, Sample>) => round[name].perSecond
  return [
    measured(figures.warm, ratioOfRounds(taken, cpu('floor'), cpu('real'))),
    measured(figures.bare, ratioOfRounds(taken, cpu('bare'), cpu('real'))),
    measured(figures.throughput, ratioOfRounds(taken, speed('real'), speed('floor'))),
  ]
}
