// What the backend counts. Labels are constants of ours: a close code a client chose is counted as `other`
// unless the registry lists it, so that nobody can grow the number of series.

import { Counter, Gauge, Histogram, Registry } from '@prometheus-io/client'
import { closeCodes } from '@sallyport/contracts/close-codes'

const listedCodes = new Set<number>(Object.values(closeCodes).map(({ code }) => code))

/** Builds the registry and its metrics. */
export function createMetrics() {
  const registry = new Registry()
  const registers = [registry]
  return {
    registry,
    accepted: new Counter({
      name: 'sallyport_sockets_accepted_total',
      help: 'Upgrades that were answered with 101.',
      registers,
    }),
    refused: new Counter({
      name: 'sallyport_upgrades_refused_total',
      help: 'Upgrades refused before a socket existed, by reason.',
      labelNames: ['reason'] as const,
      registers,
    }),
    open: new Gauge({
      name: 'sallyport_sockets_open',
      help: 'Sockets that are registered now.',
      registers,
    }),
    pending: new Gauge({
      name: 'sallyport_sockets_pending',
      help: 'Sockets that have not authenticated yet.',
      registers,
    }),
    closed: new Counter({
      name: 'sallyport_sockets_closed_total',
      help: 'Sockets that ended, by close code.',
      labelNames: ['code'] as const,
      registers,
    }),
    eventsDropped: new Counter({
      name: 'sallyport_events_dropped_total',
      help: 'Events that a listener missed because it was too far behind.',
      registers,
    }),
    feedsConnected: new Gauge({
      name: 'sallyport_authority_feed_connected',
      help: 'Authority feeds that are connected now, at most one a sidecar.',
      registers,
    }),
    authorityApplied: new Histogram({
      name: 'sallyport_authority_applied_seconds',
      help: 'From a line of a feed until everything it ends is dead, by what it tells.',
      labelNames: ['type'] as const,
      buckets: [0.0001, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30],
      registers,
    }),
    recheckSeconds: new Histogram({
      name: 'sallyport_authority_recheck_seconds',
      help: 'How long it took to ask about every live identity.',
      buckets: [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    }),
  }
}

/** Adds how long no feed has been connected; read when it is asked for. */
export function addBlindGauge({ registry }: Metrics, blindForMs: () => number) {
  return new Gauge({
    name: 'sallyport_authority_blind_seconds',
    help: 'For how long no authority feed has been connected; 0 while one is.',
    registers: [registry],
    collect() {
      this.set(blindForMs() / 1000)
    },
  })
}

export type Metrics = ReturnType<typeof createMetrics>

/** The metric label of a close code. */
export function closeCodeLabel(code: number): string {
  return listedCodes.has(code) ? `${code}` : 'other'
}
