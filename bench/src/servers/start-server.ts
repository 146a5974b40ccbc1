// Starts one of the bench's own servers and waits for the port that it sends.

import { once } from 'node:events'
import { join } from 'node:path'
import type { Context } from '../context.ts'
import type { Started } from '../processes.ts'

export type OwnServer = { readonly process: Started; readonly port: number }

/** Starts `bench/src/servers/<file>` on a core; rejects when it does not listen in time. */
export async function startServer(
  { keeper, root }: Context,
  file: string,
  args: readonly string[],
  core: number,
): Promise<OwnServer> {
  const path = join(root, 'bench', 'src', 'servers', file)
  const started = keeper.start(process.execPath, [path, ...args], {
    core,
    env: {},
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const signal = AbortSignal.timeout(20_000)
  const [port] = (await once(started.child, 'message', { signal })) as [number]
  return { process: started, port }
}
