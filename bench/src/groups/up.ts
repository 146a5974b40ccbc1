// How long `make up` takes when everything is built: from the command to the line that says it is ready.

import type { Context } from '../context.ts'
import { spreadOf } from '../measure.ts'
import { type Figure, type Measurement, measured, notMeasured } from '../report.ts'
import { launch } from '../stack/launch.ts'
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
async function upOnce(context: Context): Promise<number> {
  const startedAtMs = performance.now()
  const { launcher } = await launch(context, 'up')
  const seconds = (performance.now() - startedAtMs) / 1000
  await launcher.close()
  return seconds
}
