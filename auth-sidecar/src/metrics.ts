// What the sidecar counts. Labels are constants of ours or names the operator chose, never input.

import { Counter, Gauge, Registry } from '@prometheus-io/client'
import { boundedCounter } from './metrics/bounded-counter.ts'
import { plainHistogram } from './metrics/plain-histogram.ts'

/** Builds the registry and the metrics of events; `metrics/state-metrics.ts` adds those of what is held. */
export function createMetrics() {
  const registry = new Registry()
  const registers = [registry]
  const outcomes = (name: string, help: string) =>
    boundedCounter(registry, { name, help, labelNames: ['outcome', 'reason'] })
  return {
    registry,
    handshakes: outcomes(
      'sallyport_handshakes_total',
      'Decided handshakes: every attempt once. Allowed by way, or a denial code and its reason.',
    ),
    decisionSeconds: plainHistogram(registry, {
      name: 'sallyport_handshake_decision_seconds',
      help: 'Time from the subrequest to the decision.',
      buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 2],
    }),
    probes: outcomes(
      'sallyport_probes_total',
      'Answered probes: whether an upgrade would be allowed, or the denial code and its reason.',
    ),
    requests: outcomes(
      'sallyport_requests_total',
      'Decided requests of http routes: allowed, sent to the login, or a denial code and its reason.',
    ),
    logins: outcomes('sallyport_logins_total', 'Sign-in attempts by outcome and reason.'),
    ticketsAsked: outcomes(
      'sallyport_tickets_asked_total',
      'Tickets asked for by outcome and reason.',
    ),
    refreshTokens: outcomes(
      'sallyport_refresh_tokens_total',
      'Refresh tokens presented over HTTP: used, or refused and why; reused ones end their session.',
    ),
    sessionsEnded: new Counter({
      name: 'sallyport_sessions_ended_total',
      help: 'Sessions ended by their owners: by logout, or from another device.',
      registers,
    }),
    feedReaders: new Gauge({
      name: 'sallyport_authority_feed_readers',
      help: 'Backends that listen to the authority feed now.',
      registers,
    }),
    feedReadersCut: boundedCounter(registry, {
      name: 'sallyport_authority_feed_readers_cut_total',
      help: 'Readers of the authority feed that the sidecar cut: it lost its store, too many of a node, or too slow.',
      labelNames: ['reason'],
    }),
    eventsForged: new Counter({
      name: 'sallyport_authority_events_untrusted_total',
      help: 'Events in Redis that no sidecar of ours wrote.',
      registers,
    }),
    changesUnsettled: new Counter({
      name: 'sallyport_authority_changes_unsettled_total',
      help: 'Changes of authority that were answered before every backend said that it had applied them.',
      registers,
    }),
    refreshes: outcomes(
      'sallyport_authority_refreshes_total',
      'Tokens presented on live sockets: refreshed, unchanged, or refused and why.',
    ),
    adminActions: boundedCounter(registry, {
      name: 'sallyport_admin_actions_total',
      help: 'What operators asked for by action: done, refused with a denial code, or failed.',
      labelNames: ['action', 'outcome'],
    }),
    peersRefused: boundedCounter(registry, {
      name: 'sallyport_peers_refused_total',
      help: 'Internal connections cut because the certificate names another role.',
      labelNames: ['listener'],
    }),
    keySetFetches: boundedCounter(registry, {
      name: 'sallyport_key_set_fetches_total',
      help: 'Fetches of the key sets of configured issuers by outcome.',
      labelNames: ['issuer', 'outcome'],
    }),
  }
}

export type Metrics = ReturnType<typeof createMetrics>
