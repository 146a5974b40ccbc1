// The bench's end of the load process: one order in, one result out.

import { once } from 'node:events'
import { join } from 'node:path'
import type { Context } from '../context.ts'
import { cores } from '../processes.ts'
import type { LoadOrder, LoadResult } from './load-protocol.ts'

export type Load = { readonly run: (order: LoadOrder) => Promise<LoadResult> }

/** Starts the load process. `run` rejects when a connection breaks or anything but 200 is answered. */
export function startLoad({ keeper, root }: Context): Load {
  const file = join(root, 'bench', 'src', 'load', 'http2-load.ts')
  const { child } = keeper.start(process.execPath, [file], {
    core: cores.load,
    env: {},
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  return {
    async run(order) {
      const answer = once(child, 'message', {
        signal: AbortSignal.timeout(order.durationMs + 10_000),
      })
      child.send(order)
      const [result] = (await answer) as [LoadResult]
      if (result.fault) throw new Error(`load: ${result.fault}`)
      if (result.refused > 0) throw new Error(`load: ${result.refused} answers were not 200`)
      return result
    },
  }
}
