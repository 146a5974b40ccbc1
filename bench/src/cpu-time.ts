// How much processor a process has used, all its threads together, as the Linux kernel counts it.
// Read from outside, so that the process under test reports nothing about itself.

import { readFileSync } from 'node:fs'

/** USER_HZ, which /proc counts in; the same on every Linux architecture that Node runs on. */
const ticksPerSecond = 100

/** User and system seconds out of the text of `/proc/<pid>/stat`; throws on any other text. */
export function parseCpuSeconds(stat: string): number {
  // The second field is the name in parentheses, which may itself hold blanks and parentheses (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [user, system] = [Number(fields[11]), Number(fields[12])]
  if (Number.isNaN(user + system)) throw new Error('no times in /proc/<pid>/stat')
  return (user + system) / ticksPerSecond
}

/** User and system seconds of a running process; throws where there is no /proc or no such process. */
export function readCpuSeconds(pid: number): number {
  return parseCpuSeconds(readFileSync(`/proc/${pid}/stat`, 'utf8'))
}
