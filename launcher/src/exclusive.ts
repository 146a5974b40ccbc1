// One holder at a time, between processes: a file that names its holder. A holder that died holds nothing.

import { createHash } from 'node:crypto'
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { isRunning, markOf, type ProcessMark } from './process-mark.ts'

const pollMs = 200

/** Claims a file for this process; returns the living process that holds it or is just taking it over. */
export function claim(path: string): ProcessMark | undefined {
  const temporary = `${path}.${process.pid}.claim`
  // A dead process of this number may have left one, and it may be linked to a claim: never written into.
  rmSync(temporary, { force: true })
  writeFileSync(temporary, ownText(), { mode: 0o600, flag: 'wx' })
  try {
    for (;;) {
      // A link appears with its content, so no reader ever sees an empty claim.
      if (tryLink(temporary, path)) return undefined
      const text = readText(path)
      if (text === undefined) continue
      const holder = parseMark(text)
      if (holder && isRunning(holder)) return holder
      const rival = removeJudged(path, text)
      if (rival) return rival
    }
  } finally {
    rmSync(temporary, { force: true })
  }
}

/** Gives a claim back; does nothing when somebody else holds it. */
export function release(path: string): void {
  if (readText(path) === ownText()) rmSync(path, { force: true })
}

/** Removes the claim of a process that is gone; a living holder keeps its claim. */
export function removeStale(path: string): void {
  if (readText(path) !== undefined && claim(path) === undefined) release(path)
}

/** Who a claim names, alive or not; undefined also for a file that cannot be read. */
export function readHolder(path: string): ProcessMark | undefined {
  try {
    return parseMark(readFileSync(path, 'utf8'))
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

/**
 * Removes a claim that was judged stale, if it is still there. Between judging and removing, another process
 * may have put its own claim in that place; so the right to remove a claim is claimed itself, under a name
 * made of the claim's content. Its holder looks again, and what it sees then only it may remove.
 */
function removeJudged(path: string, judged: string): ProcessMark | undefined {
  const digest = createHash('sha256').update(judged).digest('hex').slice(0, 16)
  const right = `${path}.${digest}.stale`
  const rival = claim(right)
  if (rival) return rival
  try {
    if (readText(path) === judged) rmSync(path, { force: true })
    return undefined
  } finally {
    release(right)
  }
}

function ownText(): string {
  const mark = markOf(process.pid)
  if (!mark) throw new Error('this process cannot be told apart from others')
  return `${mark.pid}\n${mark.started}\n`
}

function parseMark(text: string): ProcessMark | undefined {
  const [pid, started] = text.split('\n')
  return pid && started ? { pid: Number(pid), started } : undefined
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
