// What good clients notice of a flood at the same sidecar: their 99th percentile while it lasts ÷ the same in calm.
// Good clients ask at a fixed rate, each from an address of its own; the flood takes all that the core gives.

import { join } from 'node:path'
import type { Context } from '../context.ts'
import { type Load, startAttack, startLoad, startLogins } from '../load/load-process.ts'
import type { LoadOrder, LoadResult } from '../load/load-protocol.ts'
import { interleave, ratioOfRounds } from '../measure.ts'
import { cores } from '../processes.ts'
import { type Figure, type Measurement, measured } from '../report.ts'
import { makeSecrets, type Secrets } from '../stack/launcher-parts.ts'
import { origin, type Sidecar, startSidecar } from '../stack/sidecar.ts'
import { startBuiltInIssuer } from './cold-issuers.ts'
import type { Group } from './group.ts'

const listener = 'sidecar, HTTP/2 + mTLS, log info'
const figures = {
  signatures: {
    id: 'verify.flood.p99-ratio',
    unit: 'ratio of good clients’ p99, one attacker ÷ calm',
    at: listener,
    goal: { atMost: 3 },
  },
  manySignatures: {
    id: 'verify.flood.many.p99-ratio',
    unit: 'ratio of good clients’ p99, each bad token from another address ÷ calm',
    at: listener,
    goal: null,
  },
  logins: {
    id: 'login.flood.p99-ratio',
    unit: 'ratio of good upgrades’ p99, 64 logins ÷ calm',
    at: listener,
    goal: { atMost: 3 },
  },
} as const satisfies Record<string, Figure>

const full = { rounds: 5, perSecond: 500, sampleMs: 2000, warmUpRequests: 20_000 }
const small = { ...full, rounds: 2, sampleMs: 1000, warmUpRequests: 1000 }

/** Streams of the attacker: enough that the sidecar's core is always busy, which more could not make busier. */
const attackStreams = 32
const loginLanes = 64
/** The flood begins before the good clients and ends after them. */
const leadMs = 300

/** Runs a flood for some milliseconds. */
type Flood = { readonly run: (durationMs: number) => Promise<LoadResult> }
type StartFlood = (context: Context, secrets: Secrets, sidecar: Sidecar) => Promise<Flood>

/** The group of floods. */
export const floodGroup: Group = [
  {
    figures: [figures.signatures],
    // Attempts are limited as configured by default: it is the product's own defence that is measured.
    measure: (context) =>
      measure(context, figures.signatures, startSignatures('one'), { WS_RATE_LIMIT: '10' }),
  },
  {
    figures: [figures.manySignatures],
    // The same defence lets all of these through to the signature: an address that comes once is within its limit.
    measure: (context) =>
      measure(context, figures.manySignatures, startSignatures('distinct'), {
        WS_RATE_LIMIT: '10',
      }),
  },
  {
    figures: [figures.logins],
    // Limits by address and account would end this flood at once; the queue of the hashing must do without them.
    measure: (context) =>
      measure(context, figures.logins, startLoginFlood, {
        SIDECAR_LOGINS_PER_ADDRESS: '1000000',
        SIDECAR_LOGINS_PER_ACCOUNT: '1000000',
      }),
  },
]

/** Tokens with a wrong signature, as many as get an answer. */
function startSignatures(addresses: LoadOrder['addresses']): StartFlood {
  return async (context, secrets, sidecar) => {
    const { tokensLike } = await startBuiltInIssuer(context, secrets)
    const attack = startAttack(context)
    const order = {
      port: sidecar.verifyPort,
      tls: secrets.traefikTls,
      origin,
      tokens: { ...tokensLike(sidecar.token), kinds: ['forged'] },
      addresses,
    } as const satisfies Omit<LoadOrder, 'pace'>
    return {
      run: (durationMs) => attack.run({ ...order, pace: { streams: attackStreams, durationMs } }),
    }
  }
}

async function startLoginFlood(
  context: Context,
  { traefikTls, otherUser }: Secrets,
  { authPort }: Sidecar,
): Promise<Flood> {
  const logins = startLogins(context)
  const order = { port: authPort, tls: traefikTls, origin, user: otherUser, lanes: loginLanes }
  return { run: (durationMs) => logins.run({ ...order, durationMs }) }
}

async function measure(
  context: Context,
  figure: Figure,
  startFlood: StartFlood,
  settings: Readonly<Record<string, string>>,
): Promise<Measurement[]> {
  const { rounds, perSecond, sampleMs, warmUpRequests } = context.options.quick ? small : full
  const secrets = await makeSecrets(join(context.scratch, figure.id))
  const sidecar = await startSidecar(context, secrets, { core: cores.underTest, settings })
  const load = startLoad(context)
  const flood = await startFlood(context, secrets, sidecar)
  const order = {
    port: sidecar.verifyPort,
    tls: secrets.traefikTls,
    origin,
    tokens: { same: sidecar.token },
    addresses: 'distinct',
    pace: { perSecond, durationMs: sampleMs },
  } as const satisfies LoadOrder
  context.say(`${figure.id} warm-up`)
  await load.run({ ...order, pace: { streams: 64, requests: warmUpRequests } })
  await flood.run(sampleMs)
  const taken = await interleave(['calm', 'flood'], rounds, async (name, round) => {
    const good = await (name === 'calm' ? load.run(order) : runBoth(load, order, flood))
    context.say(`${figure.id} ${round}/${rounds} ${name.padEnd(5)} ${describe(good)}`)
    return good.latencyMs.p99
  })
  return [
    measured(
      figure,
      ratioOfRounds(
        taken,
        (round) => round.flood,
        (round) => round.calm,
      ),
    ),
  ]
}

type Sample = LoadResult & { readonly floodPerSecond?: number }

async function runBoth(
  load: Load<LoadOrder>,
  order: LoadOrder & { readonly pace: { readonly durationMs: number } },
  flood: Flood,
): Promise<Sample> {
  const flooding = flood.run(order.pace.durationMs + 2 * leadMs)
  // If the good clients fail first, the flood's own end must not go unheard.
  flooding.catch(() => {})
  await new Promise((resolve) => setTimeout(resolve, leadMs))
  const good = await load.run(order)
  const { answered, seconds } = await flooding
  return { ...good, floodPerSecond: answered / seconds }
}

function describe({ latencyMs, answered, floodPerSecond }: Sample): string {
  const flood = floodPerSecond === undefined ? '' : `, flood ${Math.round(floodPerSecond)}/s`
  const { p50, p99 } = latencyMs
  return `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms of ${answered}${flood}`
}
