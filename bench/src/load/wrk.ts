// Keep-alive load over plain HTTP: wrk where it is installed, else a loop of our own in Node.

import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Context } from '../context.ts'
import { cores } from '../processes.ts'

export type HttpOrder = {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly connections: number
  readonly durationSeconds: number
}

/** What came of it; both tools count answers that are not 2xx or 3xx. */
export type HttpResult = { readonly answered: number; readonly perSecond: number }

export type HttpTool = 'wrk' | 'node'

/** Runs one stretch of load on the load's core. Rejects when any answer is an error. */
export async function runHttpLoad(
  { keeper, root, inherited }: Context,
  tool: HttpTool,
  order: HttpOrder,
): Promise<HttpResult> {
  const loop = [join(root, 'bench', 'src', 'load', 'http-loop.ts'), JSON.stringify(order)]
  const [command, args] = tool === 'wrk' ? ['wrk', wrkArguments(order)] : [process.execPath, loop]
  const { child } = keeper.start(command, args, {
    core: cores.load,
    env: { PATH: inherited['PATH'] ?? '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  if (!child.stdout) throw new Error('the load has no output')
  const printed = await text(child.stdout)
  const [status] = (await exited) as [number | null]
  if (status !== 0) throw new Error(`${tool} ended with ${status}`)
  return parseHttpResult(printed)
}

function wrkArguments({ url, headers, connections, durationSeconds }: HttpOrder): string[] {
  const lines = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  return ['-t1', `-c${connections}`, `-d${durationSeconds}s`, '--timeout', '5s', ...lines, url]
}

/** Reads what wrk prints (our own loop prints the same lines); throws when an answer was an error. */
export function parseHttpResult(printed: string): HttpResult {
  const errors = /Non-2xx or 3xx responses: (\d+)/.exec(printed)
  if (errors) throw new Error(`load: ${errors[1]} answers were errors`)
  const socketErrors = /Socket errors: .*/.exec(printed)
  if (socketErrors) throw new Error(`load: ${socketErrors[0]}`)
  const answered = Number(/(\d+) requests in/.exec(printed)?.[1])
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(printed)?.[1])
  if (!(answered > 0 && perSecond > 0)) throw new Error('load: nothing was answered')
  return { answered, perSecond }
}
