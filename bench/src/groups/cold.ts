// Tokens that the sidecar has never seen, against a server that only calls jose's jwtVerify: every request carries
// another token, so no cache helps. Signed by the built-in issuer (ES256) and by a trusted one (EdDSA).

import { join } from 'node:path'
import type { Context } from '../context.ts'
import { startLoad } from '../load/load-process.ts'
import type { LoadOrder } from '../load/load-protocol.ts'
import { interleave, ratioOfRounds } from '../measure.ts'
import { cores } from '../processes.ts'
import { type Figure, type Measurement, measured } from '../report.ts'
import { startServer } from '../servers/start-server.ts'
import { makeSecrets } from '../stack/launcher-parts.ts'
import { origin, startSidecar } from '../stack/sidecar.ts'
import { type ColdIssuer, startBuiltInIssuer, startTrustedIssuer } from './cold-issuers.ts'
import { describeCpuSample, takeCpuSample, warmUp } from './cpu-sample.ts'
import type { Group, Part } from './group.ts'

const full = { rounds: 7, streams: 64, requests: 4000, warmUpRequests: 16_000 }
const small = { ...full, rounds: 2, requests: 500, warmUpRequests: 1000 }

/** The group of tokens that were never seen. */
export const coldGroup: Group = [
  createPart('es256', startBuiltInIssuer),
  createPart('eddsa', startTrustedIssuer),
]

type StartIssuer = typeof startBuiltInIssuer

function createPart(algorithm: string, startIssuer: StartIssuer): Part {
  const figure: Figure = {
    id: `verify.cold.${algorithm}.ratio`,
    unit: 'ratio of CPU per request, jwtVerify ÷ sidecar',
    at: 'sidecar, HTTP/2 + mTLS, log info',
    goal: { atLeast: 0.9 },
  }
  return {
    figures: [figure],
    measure: async (context) => [await measure(context, figure, startIssuer)],
  }
}

async function measure(
  context: Context,
  figure: Figure,
  startIssuer: StartIssuer,
): Promise<Measurement> {
  const { rounds, streams, requests, warmUpRequests } = context.options.quick ? small : full
  const secrets = await makeSecrets(join(context.scratch, figure.id))
  const issuer = await startIssuer(context, secrets)
  const sidecar = await startSidecar(context, secrets, {
    core: cores.underTest,
    settings: issuer.settings,
  })
  const load = startLoad(context)
  const order = {
    tls: secrets.traefikTls,
    origin,
    tokens: issuer.tokensLike(sidecar.token),
    addresses: 'fifty',
    pace: { streams, requests },
  } as const satisfies Omit<LoadOrder, 'port'>
  const real = { port: sidecar.verifyPort, pid: sidecar.process.pid }
  const { assertion } = await load.run({
    ...order,
    port: real.port,
    pace: { streams, requests: 1 },
  })
  const floor = await startFloor(context, [secrets.sidecarTls, assertion], issuer)
  const subjects = { real, floor }
  const names = ['real', 'floor'] as const
  for (const name of names) {
    context.say(`${figure.id} warm-up ${name}`)
    await warmUp(warmUpRequests, () => takeCpuSample(load, subjects[name], order))
  }
  const taken = await interleave(names, rounds, async (name, round) => {
    const sample = await takeCpuSample(load, subjects[name], order)
    context.say(`${figure.id} ${round}/${rounds} ${name.padEnd(5)} ${describeCpuSample(sample)}`)
    return sample
  })
  const ratio = ratioOfRounds(
    taken,
    (round) => round.floor.cpuMicroseconds,
    (round) => round.real.cpuMicroseconds,
  )
  return measured(figure, ratio)
}

async function startFloor(context: Context, args: readonly string[], { task }: ColdIssuer) {
  const floorArguments = [...args, JSON.stringify(task)]
  const server = await startServer(context, 'jose-server.ts', floorArguments, cores.underTest)
  return { port: server.port, pid: server.process.pid }
}
