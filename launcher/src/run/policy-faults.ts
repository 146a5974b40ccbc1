// What a run says when sallyport.yml changes under it, and what `status` is told of a faulty edit. Knows no rule of the
// file.

import { rmSync } from 'node:fs'
import type { Output } from '../context.ts'
import { readJson, type StatePaths, writePrivateJson } from '../state-folder.ts'
import { routesKeptLine } from './launcher-log.ts'

/** Says each change and keeps the faults of the latest one where other processes find them. */
export function createPolicyReport(state: StatePaths, output: Output) {
  const forget = () => rmSync(state.policyFaults, { force: true })
  forget()
  return {
    onRendered: () => {
      forget()
      output.line('sallyport.yml has changed: routes are rendered anew')
    },
    onFaults: (faults: readonly string[]) => {
      for (const fault of faults) output.error(fault)
      output.error(routesKeptLine)
      writePrivateJson(state.policyFaults, faults)
    },
    close: forget,
  }
}

/** One line about a faulty sallyport.yml of the run; undefined when the file in force is the file that is there. */
export function readPolicyFault(state: StatePaths): string | undefined {
  const faults = readJson(state.policyFaults)
  const [first, ...others] = Array.isArray(faults) ? faults.map(String) : []
  if (first === undefined) return undefined
  const [, file, place, message] = /^(.+?):(\d+:\d+): (.*)$/.exec(first) ?? []
  const more = others.length > 0 ? `, and ${others.length} more` : ''
  const said =
    file === undefined ? `${first}${more}` : `${file} is at fault (${place} ${message}${more})`
  return `${said}; the one before is in force: make check-config`
}
