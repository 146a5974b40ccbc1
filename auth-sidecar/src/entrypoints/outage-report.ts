// What the log is told of failures that refuse everybody alike: one line says it as well as thousands. Knows no listener
// and decides nothing.

import type { Log } from '@sallyport/service-kit/log'
import { RedisOutage } from '../redis/redis-outage.ts'

export type ReportOutage = (error: unknown, requestId?: string) => void

/** A known outage is told once in this time, with how often it came since the line before. */
const knownOutageIntervalMs = 10_000

/**
 * Builds it for one listener; `told` is what its log says. Known outages, each by its code: a warning, without a stack,
 * because where it was thrown says nothing. What nobody expected: an error with its stack, the next one after
 * `unexpectedIntervalMs`.
 */
export function createOutageReport(
  log: Log,
  told: string,
  unexpectedIntervalMs: number,
): ReportOutage {
  const known = new Map<string, { toldAtMs: number; count: number }>()
  let quietUntilMs = 0

  function reportKnown(code: string, requestId: string | undefined): void {
    const nowMs = performance.now()
    const kind = known.get(code) ?? { toldAtMs: Number.NEGATIVE_INFINITY, count: 0 }
    known.set(code, kind)
    kind.count += 1
    if (nowMs - kind.toldAtMs < knownOutageIntervalMs) return
    log.warn({ outage: code, count: kind.count, requestId }, told)
    kind.toldAtMs = nowMs
    kind.count = 0
  }

  return (error, requestId) => {
    if (error instanceof RedisOutage) return reportKnown(error.code, requestId)
    const nowMs = performance.now()
    const level = nowMs < quietUntilMs ? 'debug' : 'error'
    if (level === 'error') quietUntilMs = nowMs + unexpectedIntervalMs
    log[level]({ err: error, requestId }, told)
  }
}
