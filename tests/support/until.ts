// Waiting for something that sends no event: asks again soon, gives up loudly.

import { setTimeout as pause } from 'node:timers/promises'

/** Resolves with the first value that is not undefined or false; rejects after `timeoutMs`. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 10_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const value = await ask()
    if (value !== undefined && value !== false) return value
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`)
    await pause(20)
  }
}
