// Metrics of what is held: asked for at a scrape, so that keeping them costs the hot path nothing.

import { Counter, Gauge, type Registry } from '@prometheus-io/client'
import type { AttemptLimiterState } from '../limits/attempt-limiter.memory.ts'

/** Whose attempts a limiter counts. */
export type LimiterName = 'handshakes' | 'logins-by-address' | 'logins-by-account'

/** Where the numbers come from. */
export type StateSources = {
  readonly limiters: Readonly<Partial<Record<LimiterName, () => AttemptLimiterState>>>
  /** Live tickets. */
  readonly tickets: () => number
  readonly tokenMemory: () => {
    readonly hits: number
    readonly misses: number
    readonly tokens: number
  }
  /** One for each configured issuer; an age of undefined: never fetched. */
  readonly keySets: () => readonly {
    readonly issuer: string
    readonly ageMs: number | undefined
  }[]
}

/** Adds them to a registry. */
export function registerStateMetrics(registry: Registry, sources: StateSources): void {
  const { limiters, tickets, tokenMemory, keySets } = sources
  const one = (read: () => number) => () => [{ labels: {}, value: read() }]
  const states = (field: keyof AttemptLimiterState) => () =>
    Object.entries(limiters).map(([limiter, state]) => ({
      labels: { limiter },
      value: state()[field],
    }))
  const metrics = [
    shown(Gauge, 'sallyport_attempt_keys', 'Addresses or accounts that are counted now.', {
      labelNames: ['limiter'],
      read: states('keys'),
    }),
    shown(Gauge, 'sallyport_attempt_keys_spent', 'Those at their limit: one more is refused.', {
      labelNames: ['limiter'],
      read: states('spentKeys'),
    }),
    shown(Gauge, 'sallyport_tickets', 'Tickets neither used nor expired.', { read: one(tickets) }),
    shown(Gauge, 'sallyport_remembered_tokens', 'Verified tokens that are remembered.', {
      read: one(() => tokenMemory().tokens),
    }),
    shown(Counter, 'sallyport_token_memory_hits_total', 'Tokens remembered as verified.', {
      read: one(() => tokenMemory().hits),
    }),
    shown(Counter, 'sallyport_token_memory_misses_total', 'Tokens that had to be verified.', {
      read: one(() => tokenMemory().misses),
    }),
    shown(Gauge, 'sallyport_key_set_age_seconds', 'Since a key set was fetched; +Inf: never.', {
      labelNames: ['issuer'],
      read: () =>
        keySets().map(({ issuer, ageMs }) => ({
          labels: { issuer },
          value: ageMs === undefined ? Number.POSITIVE_INFINITY : ageMs / 1000,
        })),
    }),
  ]
  for (const metric of metrics) registry.registerMetric(metric)
}

type Sample = { readonly labels: Readonly<Record<string, string>>; readonly value: number }

/** A metric whose samples are read at each scrape; what is not read any more is not shown any more. */
function shown(
  kind: typeof Gauge | typeof Counter,
  name: string,
  help: string,
  { labelNames = [], read }: { labelNames?: string[]; read: () => readonly Sample[] },
): Gauge<string> | Counter<string> {
  const metric: Gauge<string> | Counter<string> = new kind({
    name,
    help,
    labelNames,
    registers: [],
    collect() {
      metric.reset()
      for (const { labels, value } of read()) metric.inc(labels, value)
    },
  })
  return metric
}
