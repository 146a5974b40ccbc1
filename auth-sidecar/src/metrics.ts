// What the sidecar counts. Labels are constants of ours, never input.

import { Counter, Gauge, Histogram, Registry } from '@prometheus-io/client'

/** Builds the registry and its metrics. */
export function createMetrics() {
  const registry = new Registry()
  const registers = [registry]
  return {
    registry,
    handshakes: new Counter({
      name: 'sallyport_handshakes_total',
      help: 'Decided handshakes by outcome (allowed or a denial code) and reason.',
      labelNames: ['outcome', 'reason'] as const,
      registers,
    }),
    decisionSeconds: new Histogram({
      name: 'sallyport_handshake_decision_seconds',
      help: 'Time from the subrequest to the decision.',
      buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 2],
      registers,
    }),
    logins: new Counter({
      name: 'sallyport_logins_total',
      help: 'Sign-in attempts by outcome and reason.',
      labelNames: ['outcome', 'reason'] as const,
      registers,
    }),
    sessionsEnded: new Counter({
      name: 'sallyport_sessions_ended_total',
      help: 'Sessions ended by logout.',
      registers,
    }),
    feedReaders: new Gauge({
      name: 'sallyport_authority_feed_readers',
      help: 'Backends that listen to the authority feed now.',
      registers,
    }),
    peersRefused: new Counter({
      name: 'sallyport_peers_refused_total',
      help: 'Internal connections cut because the certificate names another role.',
      labelNames: ['listener'] as const,
      registers,
    }),
  }
}

export type Metrics = ReturnType<typeof createMetrics>
