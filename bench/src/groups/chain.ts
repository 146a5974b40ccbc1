// The whole way through Traefik: a request that the sidecar judges first, against the same request unguarded.
// Plain GETs, because an upgrade is more than the question that is measured here.

import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Context } from '../context.ts'
import { readCpuSeconds } from '../cpu-time.ts'
import { upgradeHeaders } from '../load/upgrade-headers.ts'
import { type HttpTool, runHttpLoad } from '../load/wrk.ts'
import { interleave, type Round, ratioOfRounds } from '../measure.ts'
import { cores } from '../processes.ts'
import { type Figure, type Measurement, measured, notMeasured } from '../report.ts'
import { startServer } from '../servers/start-server.ts'
import { findTraefikBinary, makeSecrets } from '../stack/launcher-parts.ts'
import { origin, startSidecar } from '../stack/sidecar.ts'
import { startTraefik } from '../stack/traefik.ts'
import type { Group } from './group.ts'

const at = 'Traefik, HTTP/1.1, log info'

const figures = {
  throughput: {
    at,
    id: 'chain.throughput-ratio',
    unit: 'ratio of requests/s, guarded ÷ plain',
    goal: { atLeast: 0.5 },
  },
  cpu: {
    at,
    id: 'chain.traefik-cpu-ratio',
    unit: 'ratio of Traefik’s CPU per request, plain ÷ guarded',
    goal: null,
  },
} as const satisfies Record<string, Figure>

/** The group of plain requests through Traefik. */
export const chainGroup: Group = [{ figures: Object.values(figures), measure }]

const connections = 64
const full = { rounds: 5, warmUpSeconds: 2, sampleSeconds: 2 }
const small = { rounds: 2, warmUpSeconds: 1, sampleSeconds: 1 }

type Name = 'plain' | 'guarded'
type Sample = { readonly perSecond: number; readonly cpuMicroseconds: number }

async function measure(context: Context): Promise<Measurement[]> {
  const { rounds, warmUpSeconds, sampleSeconds } = context.options.quick ? small : full
  const binary = context.options.traefikBinary ?? (await findTraefikBinary(context))
  if (!binary) {
    const note = 'no Traefik yet: `make up` builds it, or name one in TRAEFIK_BINARY'
    return Object.values(figures).map((figure) => notMeasured(figure, note))
  }
  const tool = findTool(context)
  const { traefik, headers } = await startChain(context, binary)
  const run = (name: Name, durationSeconds: number) =>
    runHttpLoad(context, tool, { url: traefik.urls[name], headers, connections, durationSeconds })
  const names = ['plain', 'guarded'] as const
  for (const name of names) await run(name, warmUpSeconds)
  const taken = await interleave(names, rounds, async (name, round) => {
    const before = readCpuSeconds(traefik.process.pid)
    const { answered, perSecond } = await run(name, sampleSeconds)
    const cpuSeconds = readCpuSeconds(traefik.process.pid) - before
    const sample = { perSecond, cpuMicroseconds: (cpuSeconds / answered) * 1e6 }
    context.say(`chain ${round}/${rounds} ${name.padEnd(7)} ${describe(sample)}`)
    return sample
  })
  return toMeasurements(taken)
}

function findTool({ inherited, say }: Context): HttpTool {
  const found = spawnSync('wrk', ['--version'], { env: { ...inherited } })
  if (!found.error) return 'wrk'
  say('wrk is not installed: the load is a loop in Node, which takes more of the core it shares')
  return 'node'
}

async function startChain(context: Context, binary: string) {
  const secrets = await makeSecrets(join(context.scratch, 'chain'))
  const backend = await startServer(context, 'backend-server.ts', [], cores.load)
  const { token, verifyPort } = await startSidecar(context, secrets, { core: cores.load })
  const traefik = await startTraefik(context, {
    binary,
    secrets,
    verifyPort,
    backendPort: backend.port,
  })
  return { traefik, headers: upgradeHeaders({ token, origin, key: randomBytes(16) }) }
}

function describe({ perSecond, cpuMicroseconds }: Sample): string {
  return `${Math.round(perSecond)} requests/s, ${cpuMicroseconds.toFixed(1)} µs of Traefik each`
}

function toMeasurements(taken: readonly Round<Name, Sample>[]): Measurement[] {
  const throughput = ratioOfRounds(
    taken,
    (round) => round.guarded.perSecond,
    (round) => round.plain.perSecond,
  )
  const cpu = ratioOfRounds(
    taken,
    (round) => round.plain.cpuMicroseconds,
    (round) => round.guarded.cpuMicroseconds,
  )
  return [measured(figures.throughput, throughput), measured(figures.cpu, cpu)]
}
