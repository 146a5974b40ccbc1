// Waits until every service says that it has taken over what lies on disk, and tells people how it goes.

import { setTimeout as wait } from 'node:timers/promises'
import { err, ok, type Result } from '@sallyport/contracts/result'

/** One thing that must come true. */
export type Expectation = {
  readonly name: string
  readonly isThere: () => Promise<boolean>
}

export type WaitOptions = {
  readonly deadlineMs: number
  readonly pollMs: number
  readonly onThere: (name: string, tookMs: number) => void
}

/** How long a service has: it looks once a second, and Traefik applies changes at most every two. */
export const followDeadlineMs = 10_000
export const followPollMs = 100

/** Waits for all of them at once; the error names those that did not come true in time. */
export async function waitForAll(
  expected: readonly Expectation[],
  { deadlineMs, pollMs, onThere }: WaitOptions,
): Promise<Result<void, readonly string[]>> {
  const startMs = performance.now()
  const outcomes = await Promise.all(
    expected.map(async ({ name, isThere }) => {
      for (;;) {
        const isDone = await isThere()
        const tookMs = performance.now() - startMs
        if (isDone) onThere(name, tookMs)
        if (isDone || tookMs > deadlineMs) return { name, isDone }
        await wait(pollMs)
      }
    }),
  )
  const missing = outcomes.filter(({ isDone }) => !isDone).map(({ name }) => name)
  return missing.length > 0 ? err(missing) : ok(undefined)
}
