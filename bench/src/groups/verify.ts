// The sidecar's hot path against floors: what one decided handshake costs above what any answer costs.

import { join } from 'node:path'
import type { Context } from '../context.ts'
import { startLoad } from '../load/load-process.ts'
import { interleave, type Round, ratioOfRounds } from '../measure.ts'
import { cores, type Started } from '../processes.ts'
import { type Figure, type Measurement, measured } from '../report.ts'
import { startServer } from '../servers/start-server.ts'
import { makeSecrets, type Secrets } from '../stack/launcher-parts.ts'
import { origin, startSidecar } from '../stack/sidecar.ts'
import {
  type CpuSample,
  describeCpuSample,
  type Subject,
  takeCpuSample,
  warmUp,
} from './cpu-sample.ts'
import type { Group } from './group.ts'

const at = 'sidecar, HTTP/2 + mTLS, log info'
const quietAt = at.replace('info', 'warn')
const cpu = 'ratio of CPU per request'

const figures = {
  warm: { id: 'verify.warm.ratio', unit: cpu, at, goal: { atLeast: 0.85 } },
  quiet: { id: 'verify.warm.quiet.ratio', unit: cpu, at: quietAt, goal: null },
  bare: { id: 'verify.bare.ratio', unit: cpu, at, goal: { atLeast: 0.55 } },
  throughput: { id: 'verify.warm.throughput-ratio', unit: 'ratio of requests/s', at, goal: null },
} as const satisfies Record<string, Figure>

const full = { rounds: 7, streams: 64, sampleMs: 1200, warmUpRequests: 30_000 }
const small = { ...full, rounds: 2, sampleMs: 300, warmUpRequests: 2000 }

const names = ['real', 'quiet', 'floor', 'bare'] as const
type Name = (typeof names)[number]

/** The group of the hot path: a token that was verified before. */
export const verifyGroup: Group = [{ figures: Object.values(figures), measure }]

async function measure(context: Context): Promise<Measurement[]> {
  const { rounds, streams, sampleMs, warmUpRequests } = context.options.quick ? small : full
  const secrets = await makeSecrets(join(context.scratch, 'verify'))
  const { subjects, tokens, load } = await startSubjects(context, secrets)
  const run = (name: Name) =>
    takeCpuSample(load, subjects[name], {
      // Each sidecar knows its own tokens only; a floor takes any.
      tokens: { same: name === 'quiet' ? tokens.quiet : tokens.real },
      tls: secrets.traefikTls,
      origin,
      addresses: 'fifty',
      pace: { streams, durationMs: sampleMs },
    })
  for (const name of names) {
    context.say(`verify warm-up ${name}`)
    await warmUp(warmUpRequests, () => run(name))
  }
  const taken = await interleave(names, rounds, async (name, round) => {
    const sample = await run(name)
    context.say(`verify ${round}/${rounds} ${name.padEnd(5)} ${describeCpuSample(sample)}`)
    return sample
  })
  return toMeasurements(taken)
}

async function startSubjects(context: Context, secrets: Secrets) {
  const { profileFolder } = context.options
  const core = cores.underTest
  const real = await startSidecar(context, secrets, { core, profileFolder })
  const quiet = await startSidecar(context, secrets, {
    core,
    settings: { SALLYPORT_LOG_LEVEL: 'warn' },
  })
  const load = startLoad(context)
  const { assertion } = await load.run({
    port: real.verifyPort,
    tls: secrets.traefikTls,
    origin,
    tokens: { same: real.token },
    addresses: 'fifty',
    pace: { streams: 1, requests: 1 },
  })
  const startFloor = (kind: 'equal-work' | 'bare') =>
    startServer(context, 'floor-server.ts', [secrets.sidecarTls, kind, assertion], core)
  const subjects: Record<Name, Subject> = {
    real: toSubject(real.process, real.verifyPort),
    quiet: toSubject(quiet.process, quiet.verifyPort),
    floor: await startFloor('equal-work').then(({ process, port }) => toSubject(process, port)),
    bare: await startFloor('bare').then(({ process, port }) => toSubject(process, port)),
  }
  return { subjects, tokens: { real: real.token, quiet: quiet.token }, load }
}

function toSubject({ pid }: Started, port: number): Subject {
  return { port, pid }
}

function toMeasurements(taken: readonly Round<Name, CpuSample>[]): Measurement[] {
  const costOf = (name: Name) => (round: Round<Name, CpuSample>) => round[name].cpuMicroseconds
  const speedOf = (name: Name) => (round: Round<Name, CpuSample>) => round[name].perSecond
  return [
    measured(figures.warm, ratioOfRounds(taken, costOf('floor'), costOf('real'))),
    measured(figures.quiet, ratioOfRounds(taken, costOf('floor'), costOf('quiet'))),
    measured(figures.bare, ratioOfRounds(taken, costOf('bare'), costOf('real'))),
    measured(figures.throughput, ratioOfRounds(taken, speedOf('real'), speedOf('floor'))),
  ]
}
