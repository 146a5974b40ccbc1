// `rotate`: new keys while everything runs, and nobody notices. Which stages there are is in `rotate/`; here is what is
// asked for, and whether it can be had.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type KeyRingName, keyRingNames } from '@sallyport/contracts/key-rings'
import { type CommandInput, type Context, exitCodes } from '../context.ts'
import { withExclusive } from '../exclusive.ts'
import { createFollowUp } from '../rotate/follow-up.ts'
import { rotateAdmin } from '../rotate/rotate-admin.ts'
import { rotateCertificates } from '../rotate/rotate-certificates.ts'
import { type RotationTask, rotateRing } from '../rotate/rotate-ring.ts'
import { gatesOf, servicesOf } from '../rotate/running-services.ts'
import { assertionRing, tokenRing } from '../rotate/signing-rings.ts'
import { readyEndpoints, runningLauncher } from '../running.ts'

type Asked = {
  readonly ring: KeyRingName
  readonly task: RotationTask
  readonly name: string | undefined
}

const usage = [
  `KEY= is one of: ${keyRingNames.join(', ')}`,
  'DROP_OLD=1 only drops old keys whose time is over; DROP_OLD=now drops them all, and whatever they signed is refused',
  'NAME= (of admin) is whose token; without it, the one of credentials.json',
]

/** Rotates one ring; 2 when it is not clear which, 1 when it had to stop on the way. */
export async function rotate(context: Context, input: CommandInput): Promise<number> {
  const { state, output } = context
  const asked = parseAsked(input)
  if (typeof asked === 'string') {
    output.error(asked)
    for (const line of usage) output.error(line)
    return exitCodes.usage
  }
  if (!existsSync(state.keys)) {
    output.error(`${state.directory} holds no keys yet: the first make up makes them.`)
    return exitCodes.failed
  }
  const endpoints = readyEndpoints(state)
  if (!endpoints && runningLauncher(state)) {
    output.error('Sallyport is starting or stopping: rotate when it is ready (make status).')
    return exitCodes.failed
  }
  const services = endpoints ? servicesOf(endpoints) : []
  const gates = endpoints ? gatesOf(endpoints) : []
  if (!endpoints) output.line('Sallyport is not running: the files are changed for its next start.')
  const followUp = createFollowUp({ state, services, output })
  const deps = { state, followUp, gates, output, now: Date.now, ...asked }
  try {
    // In the folder of keys, which `make clean` deletes as a whole.
    const isDone = await withExclusive(
      join(state.keys, 'rotate.pid'),
      (holder) => output.line(`another rotation runs (process ${holder.pid}), waiting for it`),
      () => rotateOne(asked.ring, deps),
    )
    return isDone ? exitCodes.ok : exitCodes.failed
  } catch (error) {
    // No keys, or no place on the disk: said in the words of whoever noticed.
    output.error(error instanceof Error ? error.message : 'the keys could not be read or written')
    return exitCodes.failed
  }
}

type Deps = Parameters<typeof rotateAdmin>[0] & Parameters<typeof rotateCertificates>[0]

function rotateOne(ring: KeyRingName, deps: Deps): Promise<boolean> {
  switch (ring) {
    case 'token':
      return rotateRing(tokenRing(deps.state), deps)
    case 'assertion':
      return rotateRing(assertionRing(deps.state), deps)
    case 'certificates':
      return rotateCertificates(deps)
    case 'admin':
      return rotateAdmin(deps)
  }
}

/** What is asked for, or why that is not clear. */
function parseAsked({ positionals, flags }: CommandInput): Asked | string {
  const [given, ...more] = positionals
  const ring = keyRingNames.find((name) => name === given)
  if (more.length > 0) return 'one KEY= at a time'
  if (!ring) return given === undefined ? 'which keys?' : `KEY=${given}: there are no such keys`
  const { 'drop-old': dropOld, name } = flags
  const task = taskOf(dropOld)
  if (!task) return `DROP_OLD=${dropOld}: 1 or now`
  if (ring === 'certificates' && task !== 'rotate') {
    return 'DROP_OLD: a certificate that was replaced is shown by nobody and runs out by itself'
  }
  if (name !== undefined && ring !== 'admin') return 'NAME is for KEY=admin alone'
  return { ring, task, name: typeof name === 'string' ? name : undefined }
}

/** Whoever says anything of old keys wants no new ones: neither does a 0. */
function taskOf(dropOld: string | boolean | undefined): RotationTask | undefined {
  if (dropOld === undefined) return 'rotate'
  if (dropOld === '1') return 'drop-due'
  return dropOld === 'now' ? 'drop-all' : undefined
}
