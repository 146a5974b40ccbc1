// What a run says of children that were lost: of one that is started again, and of the one whose end is the run's. Pure.

import type { StatePaths } from '../state-folder.ts'
import type { StateKind } from '../topology.ts'
import type { ChildFault } from './kept-child.ts'
import { createLineFormatter } from './log-lines.ts'

/** Of a child that is started again, with what that costs whoever is signed in. */
export function restartLine(name: string, why: string, state: StateKind): string {
  const cost =
    state === 'memory' ? '; sessions were in its memory: everybody has to sign in again' : ''
  return `${name} ${why}: it is started again${cost}`
}

/** Of the child that ended the run: how it ended, what to do where that is known, what it said last. */
export function lossLines(fault: ChildFault, state: StatePaths): readonly string[] {
  const { name, what, lastLines } = fault
  const format = createLineFormatter(false)
  const remedy = remedyOf(fault, state)
  return [
    `${name} ${what}`,
    ...(remedy === undefined ? [] : [remedy]),
    ...(lastLines.length > 0 ? [`its last lines (all are in ${state.logs}):`] : []),
    ...lastLines.map((line) => `  ${format(name, line)}`),
  ]
}

/** The sidecar names a faulty file by its setting and its path; the one that we made we can make again. */
function remedyOf({ lastLines }: ChildFault, { users }: StatePaths): string | undefined {
  const isNamed = lastLines.some((line) => line.includes(`SIDECAR_USERS_FILE: ${users} `))
  if (!isNamed) return undefined
  return `correct ${users}, or delete it: the next make up makes new demo users`
}
