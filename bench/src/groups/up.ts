// How long `make up` takes when everything is built: from the command to the line that says it is ready.

import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Context } from '../context.ts'
import { spreadOf } from '../measure.ts'
import { type Figure, type Measurement, measured, notMeasured } from '../report.ts'
import { findTraefikBinary } from '../stack/launcher-parts.ts'
import type { Group } from './group.ts'

const figure: Figure = {
  id: 'up.native.warm.seconds',
  unit: 's',
  at: 'from `make up` to `ready`, everything built',
  goal: { atMost: 10 },
}

/** The group of the start. */
export const upGroup: Group = [{ figures: [figure], measure }]

const readyWithinMs = 30_000

/** One run that builds what is missing, then the measured ones. */
async function measure(context: Context): Promise<Measurement[]> {
  if (!(await findTraefikBinary(context))) {
    return [notMeasured(figure, 'no Traefik yet: `make up` builds it')]
  }
  const runs = context.options.quick ? 1 : 3
  const warmUp = await upOnce(context)
  context.say(`up warm-up ${warmUp.toFixed(2)} s`)
  const taken: number[] = []
  for (let run = 1; run <= runs; run += 1) {
    const seconds = await upOnce(context)
    context.say(`up ${run}/${runs} ${seconds.toFixed(2)} s`)
    taken.push(seconds)
  }
  return [measured(figure, spreadOf(taken))]
}

/** Seconds from the start of the launcher to `ready`; the system is stopped again. */
async function upOnce({ keeper, root, scratch, inherited }: Context): Promise<number> {
  const startedAtMs = performance.now()
  const file = join(root, 'launcher', 'src', 'main.ts')
  const launcher = keeper.start(process.execPath, [file, 'up'], {
    cwd: root,
    env: {
      ...inherited,
      SALLYPORT_FOREGROUND: '1',
      SALLYPORT_STATE: join(scratch, 'up'),
      PUBLIC_PORT: '0',
      MANAGEMENT_PORT: '0',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // The launcher gives its children eight seconds each before it insists.
    patienceMs: 40_000,
  })
  try {
    await readyLine(launcher.child)
    return (performance.now() - startedAtMs) / 1000
  } finally {
    await launcher.close()
  }
}

/** Resolves at the line `ready <url>`; rejects with the last lines when the launcher ends or takes too long. */
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
  const ended = () => fail('ended')
  launcher.once('exit', ended)
  await ready.finally(() => {
    clearTimeout(timer)
    launcher.off('exit', ended)
  })
}
