// How much memory a process holds, as the Linux kernel counts it; read from outside, as its processor time is.

import { readFileSync } from 'node:fs'

/** Resident megabytes (2^20 bytes) out of the text of `/proc/<pid>/status`; throws on any other text. */
export function parseResidentMegabytes(status: string): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]
  if (kilobytes === undefined) throw new Error('no resident size in /proc/<pid>/status')
  return Number(kilobytes) / 1024
}

/** Resident megabytes of a running process; throws where there is no /proc or no such process. */
export function readResidentMegabytes(pid: number): number {
  return parseResidentMegabytes(readFileSync(`/proc/${pid}/status`, 'utf8'))
}
