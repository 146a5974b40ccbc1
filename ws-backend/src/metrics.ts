// What the backend counts. Labels are constants of ours: a close code a client chose is counted as `other`
// unless the registry lists it, so that nobody can grow the number of series.

import { Counter, Gauge, Registry } from '@prometheus-io/client'
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
    feedConnected: new Gauge({
      name: 'sallyport_authority_feed_connected',
      help: '1 while the authority feed is connected, else 0.',
      registers,
    }),
  }
}

export type Metrics = ReturnType<typeof createMetrics>

/** The metric label of a close code. */
export function closeCodeLabel(code: number): string {
  return listedCodes.has(code) ? `${code}` : 'other'
}
