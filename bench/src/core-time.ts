// What a process's main thread did with a stretch of time: ran on a core, or was ready to and waited for one. As the
// Linux kernel counts it, in nanoseconds; event loops run on the main thread.

import { readFileSync } from 'node:fs'

/** Milliseconds since the process began. */
export type CoreTime = { readonly ranMs: number; readonly waitedMs: number }

/** Out of the text of `/proc/<pid>/schedstat`; throws on any other text. */
export function parseCoreTime(schedstat: string): CoreTime {
  const [ran, waited] = schedstat.split(' ', 2).map((text) => Number(text) / 1e6)
  if (ran === undefined || waited === undefined || Number.isNaN(ran + waited)) {
    throw new Error('no times in /proc/<pid>/schedstat')
  }
  return { ranMs: ran, waitedMs: waited }
}

/** Of a running process; throws where there is no such process, or a kernel that does not count it. */
export function readCoreTime(pid: number): CoreTime {
  return parseCoreTime(readFileSync(`/proc/${pid}/schedstat`, 'utf8'))
}
