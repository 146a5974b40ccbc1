// Tells processes apart although numbers are reused: a pid together with the time its process started.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** A process as it can be found again later. */
export type ProcessMark = { readonly pid: number; readonly started: string }

/** The mark of a running process; undefined when there is none (or only a corpse nobody collected). */
export function markOf(pid: number): ProcessMark | undefined {
  const started = process.platform === 'linux' ? startedOnLinux(pid) : startedElsewhere(pid)
  return started === undefined ? undefined : { pid, started }
}

/** True while exactly that process runs. */
export function isRunning(mark: ProcessMark): boolean {
  return markOf(mark.pid)?.started === mark.started
}

/** Sends a signal to exactly that process; false when it is gone. */
export function signalProcess(mark: ProcessMark, signal: NodeJS.Signals): boolean {
  if (!isRunning(mark)) return false
  try {
    return process.kill(mark.pid, signal)
  } catch {
    return false
  }
}

/** Narrows a value read from a file. */
export function isProcessMark(value: unknown): value is ProcessMark {
  if (typeof value !== 'object' || value === null) return false
  const { pid, started } = value as Record<string, unknown>
  return Number.isInteger(pid) && Number(pid) > 1 && typeof started === 'string'
}

function startedOnLinux(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // proc(5): the command's name may hold blanks and brackets, fields count from the last bracket on.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state] = fields
    return state === 'Z' || state === 'X' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

function startedElsewhere(pid: number): string | undefined {
  try {
    const text = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', `${pid}`], {
      encoding: 'utf8',
    }).trim()
    return text === '' || text.startsWith('Z') ? undefined : text.slice(text.indexOf(' ')).trim()
  } catch {
    return undefined
  }
}
