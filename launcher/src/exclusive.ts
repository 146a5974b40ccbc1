// One holder at a time, between processes: a file that names its holder. A holder that died holds nothing.

import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { isRunning, markOf, type ProcessMark } from './process-mark.ts'

const pollMs = 200

/** Claims a file for this process; returns the living holder when there is one already. */
export function claim(path: string): ProcessMark | undefined {
  const mark = markOf(process.pid)
  if (!mark) throw new Error('this process cannot be told apart from others')
  const temporary = `${path}.${process.pid}.claim`
  writeFileSync(temporary, `${mark.pid}\n${mark.started}\n`, { mode: 0o600 })
  try {
    for (;;) {
      // A link appears with its content, so no reader ever sees an empty claim.
      if (tryLink(temporary, path)) return undefined
      const holder = readHolder(path)
      if (holder && isRunning(holder)) return holder
      rmSync(path, { force: true })
    }
  } finally {
    rmSync(temporary, { force: true })
  }
}

/** Gives a claim back; does nothing when somebody else holds it. */
export function release(path: string): void {
  if (readHolder(path)?.pid === process.pid) rmSync(path, { force: true })
}

/** Who a claim names, alive or not. */
export function readHolder(path: string): ProcessMark | undefined {
  try {
    const [pid, started] = readFileSync(path, 'utf8').split('\n')
    return pid && started ? { pid: Number(pid), started } : undefined
  } catch {
    return undefined
  }
}

/** Runs `work` while nobody else does, waiting for a holder to finish or die. */
export async function withExclusive<T>(
  path: string,
  onWait: (holder: ProcessMark) => void,
  work: () => Promise<T>,
): Promise<T> {
  const first = claim(path)
  if (first) {
    onWait(first)
    while (claim(path)) await wait(pollMs)
  }
  try {
    return await work()
  } finally {
    release(path)
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}
