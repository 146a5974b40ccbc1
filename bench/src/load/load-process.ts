// The bench's end of a load process: one order in, one result out.

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Context } from '../context.ts'
import { cores } from '../processes.ts'
import type { Fleet, FleetKind, FleetOrders, FleetRequest } from './fleet/fleet-protocol.ts'
import type { LoadFault, LoadOrder, LoadResult, LoginOrder, UpgradeOrder } from './load-protocol.ts'

/** `run` rejects when a connection breaks, an answer is of the wrong kind or the order takes too long. */
export type Load<Order> = {
  readonly run: (order: Order, withinMs?: number) => Promise<LoadResult>
}

/** Far above any order but that of the memory group, which says its own. */
const usualDeadlineMs = 60_000

/** Thousands of upgrades through two Traefiks on a busy machine. */
const fleetDeadlineMs = 150_000

/** Subrequests to a sidecar's listener. */
export const startLoad = (context: Context): Load<LoadOrder> => start(context, 'http2-load.ts')

/** The same in a process that steps back: what it takes of the load's core is not missing to good clients. */
export const startAttack = (context: Context): Load<LoadOrder> =>
  start(context, 'http2-load.ts', { isPolite: true })

/** Logins at a sidecar's listener, in a process that steps back. */
export const startLogins = (context: Context): Load<LoginOrder> =>
  start(context, 'login-load.ts', { isPolite: true })

/** Upgrades through Traefik. */
export const startUpgrades = (context: Context): Load<UpgradeOrder> =>
  start(context, 'upgrade-load.ts')

/**
 * Thousands of sockets that stay, in one process with one clock. On no core of its own: a whole system is measured, and
 * the kernel shares two cores among its processes better than anybody who pins.
 */
export function startFleet(context: Context): Fleet {
  const run = startProcess<FleetRequest, object>(context, 'fleet-load.ts', { core: undefined })
  const ask =
    <Kind extends FleetKind>(kind: Kind) =>
    (order: FleetOrders[Kind]['order']) =>
      run({ kind, order }, fleetDeadlineMs) as Promise<FleetOrders[Kind]['result']>
  return {
    open: ask('open'),
    seat: ask('seat'),
    drop: ask('drop'),
    revokeOne: ask('revokeOne'),
    revokeSubject: ask('revokeSubject'),
    refresh: ask('refresh'),
  }
}

type ProcessOptions = { readonly isPolite?: boolean; readonly core?: number | undefined }

function start<Order extends object>(
  context: Context,
  file: string,
  options: ProcessOptions = {},
): Load<Order> {
  const ask = startProcess<Order, LoadResult>(context, file, options)
  return {
    async run(order, withinMs) {
      const result = await ask(order, withinMs)
      if (result.surprises > 0) {
        const { surprises, answered, surprise } = result
        throw new Error(`load: ${surprises} of ${answered} answers were wrong (${surprise})`)
      }
      return result
    },
  }
}

/** What it returns rejects when the process ends, takes too long, or says a fault. */
function startProcess<Order extends object, Result extends object>(
  { keeper, root, inherited }: Context,
  file: string,
  options: ProcessOptions,
): (order: Order, withinMs?: number) => Promise<Result> {
  const { isPolite = false } = options
  const core = 'core' in options ? options.core : cores.load
  const path = join(root, 'bench', 'src', 'load', file)
  const { child } = keeper.start(
    isPolite ? 'nice' : process.execPath,
    isPolite ? ['-n', '19', process.execPath, path] : [path],
    {
      ...(core !== undefined && { core }),
      env: { PATH: inherited['PATH'] ?? '' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    },
  )
  return async (order, withinMs = usualDeadlineMs) => {
    child.send(order)
    const answer = await answerOf<Result>(child, withinMs)
    if (isFault(answer)) throw new Error(`load: ${answer.fault}`)
    return answer
  }
}

function isFault(answer: object): answer is LoadFault {
  return 'fault' in answer
}

/** The next answer; rejects when the process ends instead, or takes longer than `withinMs`. */
async function answerOf<Result extends object>(
  child: ChildProcess,
  withinMs: number,
): Promise<Result | LoadFault> {
  const done = new AbortController()
  const { signal } = done
  const late = AbortSignal.any([signal, AbortSignal.timeout(withinMs)])
  const ended = once(child, 'exit', { signal }).then(([code, killedBy]) => {
    throw new Error(`load: the process ended (${code ?? killedBy}) without an answer`)
  })
  try {
    const [answer] = (await Promise.race([once(child, 'message', { signal: late }), ended])) as [
      Result | LoadFault,
    ]
    return answer
  } finally {
    done.abort()
  }
}
