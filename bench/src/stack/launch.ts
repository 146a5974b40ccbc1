// `make up` as the bench starts it: the launcher itself, in a state folder and at ports of its own.

import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Context } from '../context.ts'
import type { Started } from '../processes.ts'

export type Launched = { readonly launcher: Started; readonly stateFolder: string }

const readyWithinMs = 60_000

/**
 * Starts a system with these settings; `name` is that of its state folder. Resolves at the line `ready <url>`, rejects
 * with the launcher's last lines when it ends or takes too long.
 */
export async function launch(
  { keeper, root, scratch, inherited }: Context,
  name: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<Launched> {
  const file = join(root, 'launcher', 'src', 'main.ts')
  const stateFolder = join(scratch, name)
  const launcher = keeper.start(process.execPath, [file, 'up'], {
    cwd: root,
    env: {
      ...inherited,
      SALLYPORT_FOREGROUND: '1',
      SALLYPORT_STATE: stateFolder,
      PUBLIC_PORT: '0',
      MANAGEMENT_PORT: '0',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // The launcher gives its children eight seconds each before it insists.
    patienceMs: 40_000,
  })
  try {
    await readyLine(launcher.child)
    return { launcher, stateFolder }
  } catch (error) {
    await launcher.close()
    throw error
  }
}

async function readyLine(launcher: ChildProcess): Promise<void> {
  if (!launcher.stdout || !launcher.stderr) throw new Error('the launcher has no output')
  const last: string[] = []
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>()
  const fail = (how: string) => reject(new Error(`up ${how}: ${last.slice(-3).join(' | ')}`))
  for (const stream of [launcher.stdout, launcher.stderr]) {
    createInterface(stream).on('line', (line) => {
      last.splice(0, last.length - 9)
      last.push(line)
      if (line.startsWith('ready ')) resolve()
    })
  }
  const timer = setTimeout(
    () => fail(`is not ready within ${readyWithinMs / 1000} s`),
    readyWithinMs,
  )
  // By then what it said last has been read.
  const ended = () => fail('ended')
  launcher.once('close', ended)
  await ready.finally(() => {
    clearTimeout(timer)
    launcher.off('close', ended)
  })
}
