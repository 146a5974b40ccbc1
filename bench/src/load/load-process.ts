// The bench's end of a load process: one order in, one result out.

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Context } from '../context.ts'
import { cores } from '../processes.ts'
import type { LoadOrder, LoadResult, LoginOrder, UpgradeOrder } from './load-protocol.ts'

/** `run` rejects when a connection breaks, an answer is of the wrong kind or the order takes too long. */
export type Load<Order> = {
  readonly run: (order: Order, withinMs?: number) => Promise<LoadResult>
}

/** Far above any order but that of the memory group, which says its own. */
const usualDeadlineMs = 60_000

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

function start<Order extends object>(
  { keeper, root, inherited }: Context,
  file: string,
  { isPolite = false } = {},
): Load<Order> {
  const path = join(root, 'bench', 'src', 'load', file)
  const { child } = keeper.start(
    isPolite ? 'nice' : process.execPath,
    isPolite ? ['-n', '19', process.execPath, path] : [path],
    {
      core: cores.load,
      env: { PATH: inherited['PATH'] ?? '' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    },
  )
  return {
    async run(order, withinMs = usualDeadlineMs) {
      child.send(order)
      const result = await answerOf(child, withinMs)
      if (result.fault) throw new Error(`load: ${result.fault}`)
      if (result.surprises > 0) {
        const { surprises, answered, surprise } = result
        throw new Error(`load: ${surprises} of ${answered} answers were wrong (${surprise})`)
      }
      return result
    },
  }
}

/** The next answer; rejects when the process ends instead, or takes longer than `withinMs`. */
async function answerOf(child: ChildProcess, withinMs: number): Promise<LoadResult> {
  const done = new AbortController()
  const { signal } = done
  const late = AbortSignal.any([signal, AbortSignal.timeout(withinMs)])
  const ended = once(child, 'exit', { signal }).then(([code, killedBy]) => {
    throw new Error(`load: the process ended (${code ?? killedBy}) without an answer`)
  })
  try {
    const [result] = (await Promise.race([once(child, 'message', { signal: late }), ended])) as [
      LoadResult,
    ]
    return result
  } finally {
    done.abort()
  }
}
