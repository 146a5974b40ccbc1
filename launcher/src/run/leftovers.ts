// Which children a launcher started, on disk: if it is killed, the next command can still find and end them.

import { rmSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import {
  isProcessMark,
  isRunning,
  markOf,
  type ProcessMark,
  signalProcess,
} from '../process-mark.ts'
import { readJson, type StatePaths, writePrivateJson } from '../state-folder.ts'

const pollMs = 50
const graceMs = 8000

/** Records children as they start; `close` forgets them. */
export function createChildRecord(paths: StatePaths) {
  const marks: ProcessMark[] = []
  return {
    add: (pid: number) => {
      const mark = markOf(pid)
      if (!mark) return
      marks.push(mark)
      writePrivateJson(paths.children, marks)
    },
    close: async (): Promise<void> => rmSync(paths.children, { force: true }),
  }
}

/** Ends children whose launcher is gone and removes its files; returns how many there were. */
export async function endLeftovers(paths: StatePaths): Promise<number> {
  const recorded = readJson(paths.children)
  const marks = Array.isArray(recorded) ? recorded.filter(isProcessMark).filter(isRunning) : []
  for (const mark of marks) signalProcess(mark, 'SIGTERM')
  if (!(await waitUntilGone(marks, graceMs))) {
    for (const mark of marks) signalProcess(mark, 'SIGKILL')
    await waitUntilGone(marks, graceMs)
  }
  for (const path of [paths.children, paths.endpoints]) rmSync(path, { force: true })
  return marks.length
}

/** Waits until none of the processes runs; false when the time is over first. */
export async function waitUntilGone(
  marks: readonly ProcessMark[],
  withinMs: number,
): Promise<boolean> {
  const deadlineMs = performance.now() + withinMs
  while (marks.some(isRunning)) {
    if (performance.now() > deadlineMs) return false
    await wait(pollMs)
  }
  return true
}
