// What one stretch of load costs the process that answers it: the sample of verify and cold.

import { readCpuSeconds } from '../cpu-time.ts'
import type { Load } from '../load/load-process.ts'
import type { LoadOrder } from '../load/load-protocol.ts'

/** A listener and the process behind it. */
export type Subject = { readonly port: number; readonly pid: number }

export type CpuSample = {
  readonly answered: number
  readonly perSecond: number
  /** Microseconds of processor for each answer, all threads of the process together. */
  readonly cpuMicroseconds: number
}

/** Runs an order against a subject and reads what it cost. */
export async function takeCpuSample(
  load: Load<LoadOrder>,
  { port, pid }: Subject,
  order: Omit<LoadOrder, 'port'>,
): Promise<CpuSample> {
  const before = readCpuSeconds(pid)
  const { answered, seconds } = await load.run({ ...order, port })
  const cpuSeconds = readCpuSeconds(pid) - before
  return { answered, perSecond: answered / seconds, cpuMicroseconds: (cpuSeconds / answered) * 1e6 }
}

/** The compiler of V8 needs requests, not time: as many as wanted, unless the machine is too slow for that. */
export async function warmUp(wanted: number, run: () => Promise<CpuSample>): Promise<void> {
  let answered = 0
  for (let stretch = 0; stretch < 6 && answered < wanted; stretch += 1) {
    answered += (await run()).answered
  }
}

/** For people who watch. */
export function describeCpuSample({ perSecond, cpuMicroseconds }: CpuSample): string {
  const busy = Math.round((perSecond * cpuMicroseconds) / 1e4)
  return `${Math.round(perSecond)} requests/s, ${cpuMicroseconds.toFixed(1)} µs CPU each, core ${busy} % busy`
}
