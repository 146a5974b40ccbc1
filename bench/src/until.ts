// Waiting for something that can only be asked: quickly, and not for ever.

import { setTimeout as pause } from 'node:timers/promises'

/** Asks every 50 ms until the answer is no longer undefined; rejects after `deadlineMs` with what was waited for. */
export async function until<T>(
  what: string,
  deadlineMs: number,
  ask: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const endsAtMs = performance.now() + deadlineMs
  while (performance.now() < endsAtMs) {
    const answer = await ask()
    if (answer !== undefined) return answer
    await pause(50)
  }
  throw new Error(`${what}: not within ${deadlineMs / 1000} s`)
}

/** True once an HTTP address answers 200; undefined before. For `until`. */
export async function answersOk(url: string): Promise<true | undefined> {
  const response = await fetch(url).catch(() => undefined)
  await response?.arrayBuffer().catch(() => undefined)
  return response?.status === 200 ? true : undefined
}
