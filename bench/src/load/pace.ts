// How fast questions are asked: so many at a time, or so many a second. Knows no connection and no question.

import { setTimeout as pause } from 'node:timers/promises'
import type { Pace } from './load-protocol.ts'

/** Asks at the pace until that says enough and all is answered; rejects when one question does. */
export async function drive(ask: () => Promise<void>, pace: Pace): Promise<void> {
  if ('perSecond' in pace) return askAtRate(ask, pace)
  const endsAtMs = 'durationMs' in pace ? performance.now() + pace.durationMs : Infinity
  let left = 'requests' in pace ? pace.requests : Infinity
  const lane = async () => {
    while (left > 0 && performance.now() < endsAtMs) {
      left -= 1
      await ask()
    }
  }
  await Promise.all(Array.from({ length: pace.streams }, lane))
}

/** Asks as many times as are due by the clock: a slow answer delays no question. */
async function askAtRate(
  ask: () => Promise<void>,
  { perSecond, durationMs }: { readonly perSecond: number; readonly durationMs: number },
): Promise<void> {
  const startedAtMs = performance.now()
  const asked: Promise<void>[] = []
  for (let passedMs = 0; passedMs < durationMs; passedMs = performance.now() - startedAtMs) {
    while (asked.length < (passedMs * perSecond) / 1000) {
      const asking = ask()
      // It is waited for at the end; until then a failure must not end the process, which could tell of none.
      asking.catch(() => {})
      asked.push(asking)
    }
    await pause(1)
  }
  await Promise.all(asked)
}
