// A whole upgrade through the real Traefik, asking the real sidecar or one that always says 200. Two Traefiks with
// the same files, one after the other: nothing but the address of the sidecar differs.

import { join } from 'node:path'
import type { Context } from '../context.ts'
import { startUpgrades } from '../load/load-process.ts'
import type { LoadResult } from '../load/load-protocol.ts'
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
  p50: {
    id: 'upgrade.p50-ratio',
    unit: 'ratio of ms to 101, sidecar ÷ always 200',
    at,
    goal: { atMost: 1.15 },
  },
  p99: {
    id: 'upgrade.p99-ratio',
    unit: 'ratio of ms to 101, sidecar ÷ always 200',
    at,
    goal: null,
  },
} as const satisfies Record<string, Figure>

const full = { rounds: 7, upgrades: 700, warmUpUpgrades: 2000 }
const small = { rounds: 2, upgrades: 50, warmUpUpgrades: 50 }

const names = ['real', 'floor'] as const
type Name = (typeof names)[number]

/** The group of whole upgrades. */
export const upgradeGroup: Group = [{ figures: Object.values(figures), measure }]

async function measure(context: Context): Promise<Measurement[]> {
  const { rounds, upgrades, warmUpUpgrades } = context.options.quick ? small : full
  const binary = context.options.traefikBinary ?? (await findTraefikBinary(context))
  if (!binary) {
    const note = 'no Traefik yet: `make up` builds it, or name one in TRAEFIK_BINARY'
    return Object.values(figures).map((figure) => notMeasured(figure, note))
  }
  const { token, ports } = await startBoth(context, binary)
  const load = startUpgrades(context)
  const run = (name: Name, count: number) =>
    load.run({ port: ports[name], token, origin, upgrades: count })
  for (const name of names) {
    context.say(`upgrade warm-up ${name}`)
    await run(name, warmUpUpgrades)
  }
  const taken = await interleave(names, rounds, async (name, round) => {
    const sample = await run(name, upgrades)
    const { p50, p99 } = sample.latencyMs
    context.say(
      `upgrade ${round}/${rounds} ${name.padEnd(5)} p50 ${p50.toFixed(3)} ms, p99 ${p99.toFixed(3)} ms`,
    )
    return sample
  })
  return toMeasurements(taken)
}

async function startBoth(context: Context, binary: string) {
  const secrets = await makeSecrets(join(context.scratch, 'upgrade'))
  const backend = await startServer(context, 'backend-server.ts', [], cores.load)
  const sidecar = await startSidecar(context, secrets, { core: cores.load })
  const floorArguments = [secrets.sidecarTls, 'bare']
  const floor = await startServer(context, 'floor-server.ts', floorArguments, cores.load)
  const portBehind = async (verifyPort: number) => {
    const options = { binary, secrets, verifyPort, backendPort: backend.port }
    return (await startTraefik(context, options)).publicPort
  }
  return {
    token: sidecar.token,
    ports: { real: await portBehind(sidecar.verifyPort), floor: await portBehind(floor.port) },
  }
}

function toMeasurements(taken: readonly Round<Name, LoadResult>[]): Measurement[] {
  const ratioOf = (share: 'p50' | 'p99') =>
    ratioOfRounds(
      taken,
      (round) => round.real.latencyMs[share],
      (round) => round.floor.latencyMs[share],
    )
  return [measured(figures.p50, ratioOf('p50')), measured(figures.p99, ratioOf('p99'))]
}
