// What a million tokens leave behind in the sidecar (R4.3): each request carries another token from another address,
// a quarter of them valid. First everything that is bounded is filled to its bound, then the million comes.

import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Context } from '../context.ts'
import { type Load, startLoad } from '../load/load-process.ts'
import type { LoadOrder, TokenKind } from '../load/load-protocol.ts'
import { type Figure, type Measurement, measured } from '../report.ts'
import { readResidentMegabytes } from '../resident-memory.ts'
import { makeSecrets } from '../stack/launcher-parts.ts'
import { collectGarbage, origin, type Sidecar, startSidecar } from '../stack/sidecar.ts'
import { startBuiltInIssuer } from './cold-issuers.ts'
import type { Group } from './group.ts'

const full = { requests: 1_000_000, warmUpRequests: 250_000, streams: 64 }
const small = { requests: 20_000, warmUpRequests: 20_000, streams: 64 }

/** More than the 20,000 verified tokens that are remembered, and than the 50,000 addresses that are counted. */
const warmUpKinds = repeated('foreign', 7, 'valid')
const kinds = repeated('foreign', 2, 'valid', 'foreign', 'forged', 'foreign', 'valid', 'foreign')

const at = 'sidecar, HTTP/2 + mTLS, log info'
const growth: Figure = {
  id: 'verify.memory.growth-mb',
  unit: 'MB of RSS over 1,000,000 tokens, ¼ valid',
  at,
  goal: { atMost: 32 },
}
const resident: Figure = {
  id: 'verify.memory.rss-mb',
  unit: 'MB of RSS at the end',
  at,
  goal: null,
}

/** The group of what is left behind. */
export const memoryGroup: Group = [{ figures: [growth, resident], measure }]

/** A flood that stalls must not stall the bench. */
const deadlineMs = 400_000
const settleMs = 500

async function measure(context: Context): Promise<Measurement[]> {
  const { requests, warmUpRequests, streams } = context.options.quick ? small : full
  const secrets = await makeSecrets(join(context.scratch, 'memory'))
  const issuer = await startBuiltInIssuer(context, secrets)
  // On both cores: signatures are checked beside the event loop, and it is not speed that is measured here.
  const sidecar = await startSidecar(context, secrets, { collects: true })
  const load = startLoad(context)
  const template = issuer.tokensLike(sidecar.token)
  const send = async (count: number, of: readonly [TokenKind, ...TokenKind[]]) => {
    const order = {
      port: sidecar.verifyPort,
      tls: secrets.traefikTls,
      origin,
      tokens: { ...template, kinds: of },
      addresses: 'distinct',
      pace: { streams, requests: count },
    } as const satisfies LoadOrder
    return sendAndSettle(load, order, sidecar)
  }
  const startedMb = readResidentMegabytes(sidecar.process.pid)
  context.say(`memory at the start: ${startedMb.toFixed(1)} MB resident`)
  context.say(`memory warm-up with ${warmUpRequests} tokens`)
  const before = await send(warmUpRequests, warmUpKinds)
  context.say(`memory before: ${describe(before)}`)
  const after = await send(requests, kinds)
  context.say(`memory after ${requests} tokens: ${describe(after)}`)
  const grown = after.megabytes - before.megabytes
  return [
    measured(withCount(growth, requests), { median: grown, low: grown, high: grown }),
    measured(resident, { median: after.megabytes, low: before.megabytes, high: after.megabytes }),
  ]
}

type Sample = {
  readonly megabytes: number
  readonly usage: NodeJS.MemoryUsage
  readonly perSecond: number
}

/** Sends all of it, then lets the sidecar's memory settle: two collections, and time to give pages back. */
async function sendAndSettle(
  load: Load<LoadOrder>,
  order: LoadOrder,
  sidecar: Sidecar,
): Promise<Sample> {
  const { answered, seconds } = await load.run(order, deadlineMs)
  await collectGarbage(sidecar)
  await pause(settleMs)
  const usage = await collectGarbage(sidecar)
  await pause(settleMs)
  const megabytes = readResidentMegabytes(sidecar.process.pid)
  return { megabytes, usage, perSecond: answered / seconds }
}

/** The table says how many there really were. */
function withCount(figure: Figure, requests: number): Figure {
  return { ...figure, unit: figure.unit.replace('1,000,000', requests.toLocaleString('en')) }
}

function repeated(
  kind: TokenKind,
  times: number,
  ...more: readonly TokenKind[]
): readonly [TokenKind, ...TokenKind[]] {
  return [kind, ...Array.from({ length: times - 1 }, () => kind), ...more]
}

function describe({ megabytes, usage, perSecond }: Sample): string {
  const inMegabytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1)
  const heap = `heap ${inMegabytes(usage.heapUsed)} of ${inMegabytes(usage.heapTotal)} MB`
  const rest = `external ${inMegabytes(usage.external)} MB`
  return `${megabytes.toFixed(1)} MB resident, ${heap}, ${rest}; ${Math.round(perSecond)} requests/s`
}
