import { Registry } from '@prometheus-io/client'
import { denials } from '@sallyport/contracts/denials'
import { describe, expect, it } from 'vitest'
import { createMemoryAttemptLimiter } from '../limits/attempt-limiter.memory.ts'
import { createMetrics } from '../metrics.ts'
import { maxSeries } from './bounded-counter.ts'
import { plainHistogram } from './plain-histogram.ts'
import { registerStateMetrics } from './state-metrics.ts'

/** The samples of a metric as the exposition shows them: everything but its name. */
async function samplesOf(metrics: ReturnType<typeof createMetrics>, name: string) {
  const lines = (await metrics.registry.metrics()).split('\n')
  return lines
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .map((line) => line.slice(name.length).trim())
}

describe('metrics of events', () => {
  it('R3.10 counts handshakes by outcome and reason', async () => {
    const metrics = createMetrics()
    metrics.handshakes.inc({ outcome: 'allowed', reason: 'session-cookie' })
    metrics.handshakes.inc({ outcome: 'invalid-credential', reason: 'token-refused' })
    metrics.handshakes.inc({ outcome: 'invalid-credential', reason: 'token-refused' })
    expect(await samplesOf(metrics, 'sallyport_handshakes_total')).toEqual([
      '{outcome="allowed",reason="session-cookie"} 1',
      '{outcome="invalid-credential",reason="token-refused"} 2',
    ])
  })

  it('R3.10 has these names and these labels, which a dashboard may rely on', async () => {
    const metrics = createMetrics()
    const objects = await metrics.registry.getMetricsAsJSON()
    expect(objects.map(({ name, type }) => `${type} ${name}`).sort()).toEqual([
      'counter sallyport_admin_actions_total',
      'counter sallyport_authority_changes_unsettled_total',
      'counter sallyport_authority_events_untrusted_total',
      'counter sallyport_authority_feed_readers_cut_total',
      'counter sallyport_authority_refreshes_total',
      'counter sallyport_handshakes_total',
      'counter sallyport_key_set_fetches_total',
      'counter sallyport_logins_total',
      'counter sallyport_peers_refused_total',
      'counter sallyport_probes_total',
      'counter sallyport_refresh_tokens_total',
      'counter sallyport_requests_total',
      'counter sallyport_sessions_ended_total',
      'counter sallyport_tickets_asked_total',
      'gauge sallyport_authority_feed_readers',
      'histogram sallyport_handshake_decision_seconds',
    ])
  })

  it('R3.10 has room for every denial code, with several reasons each', () => {
    expect(Object.keys(denials).length * 10).toBeLessThan(maxSeries)
  })

  it('R3.10 stays bounded should a label ever come from input', async () => {
    const metrics = createMetrics()
    for (let index = 0; index < 10_000; index += 1) {
      metrics.handshakes.inc({ outcome: 'allowed', reason: `input-${index}` })
    }
    metrics.handshakes.inc({ outcome: 'allowed', reason: 'input-0' })
    metrics.logins.inc({ outcome: 'x'.repeat(10_000), reason: 'long' })
    const samples = await samplesOf(metrics, 'sallyport_handshakes_total')
    expect(samples).toHaveLength(maxSeries + 1)
    expect(samples).toContain('{outcome="allowed",reason="input-0"} 2')
    expect(samples).toContain('{outcome="other",reason="other"} 9800')
    expect(await samplesOf(metrics, 'sallyport_logins_total')).toEqual([
      '{outcome="other",reason="other"} 1',
    ])
  })
})

describe('metrics of state', () => {
  it('R4.8 shows what is held at the moment of the scrape', async () => {
    const metrics = createMetrics()
    const limiter = createMemoryAttemptLimiter({
      limit: 2,
      windowMs: 60_000,
      maxKeys: 10,
      now: () => 0,
    })
    let hits = 3
    let issuers = ['https://idp.example', 'https://new.example']
    registerStateMetrics(metrics.registry, {
      limiters: { handshakes: limiter.state },
      tickets: () => 4,
      tokenMemory: () => ({ hits, misses: 2, tokens: 1 }),
      keySets: () =>
        issuers.map((issuer) => ({ issuer, ageMs: issuer.includes('new') ? undefined : 12_000 })),
    })
    for (const key of ['10.0.0.1', '10.0.0.1', '10.0.0.2']) await limiter.count(key)
    const read = async () => ({
      keys: await samplesOf(metrics, 'sallyport_attempt_keys'),
      spent: await samplesOf(metrics, 'sallyport_attempt_keys_spent'),
      tickets: await samplesOf(metrics, 'sallyport_tickets'),
      hits: await samplesOf(metrics, 'sallyport_token_memory_hits_total'),
      misses: await samplesOf(metrics, 'sallyport_token_memory_misses_total'),
      tokens: await samplesOf(metrics, 'sallyport_remembered_tokens'),
      ages: await samplesOf(metrics, 'sallyport_key_set_age_seconds'),
    })
    expect(await read()).toEqual({
      keys: ['{limiter="handshakes"} 2'],
      spent: ['{limiter="handshakes"} 1'],
      tickets: ['4'],
      hits: ['3'],
      misses: ['2'],
      tokens: ['1'],
      ages: ['{issuer="https://idp.example"} 12', '{issuer="https://new.example"} +Inf'],
    })
    hits = 5
    issuers = ['https://idp.example']
    expect(await read()).toMatchObject({
      hits: ['5'],
      ages: ['{issuer="https://idp.example"} 12'],
    })
  })

  it('LOG-2 labels nothing by address, account or token: the key of a limiter is no label', async () => {
    const metrics = createMetrics()
    const limiter = createMemoryAttemptLimiter({
      limit: 1,
      windowMs: 60_000,
      maxKeys: 10,
      now: () => 0,
    })
    await limiter.count('websocket 203.0.113.77')
    registerStateMetrics(metrics.registry, {
      limiters: { handshakes: limiter.state },
      tickets: () => 0,
      tokenMemory: () => ({ hits: 0, misses: 0, tokens: 0 }),
      keySets: () => [],
    })
    expect(await metrics.registry.metrics()).not.toContain('203.0.113.77')
  })
})

describe('the histogram of decisions', () => {
  it('R3.10 is exposed as Prometheus expects: cumulative buckets, sum and count', async () => {
    const registry = new Registry()
    const histogram = plainHistogram(registry, { name: 'h', help: 'Help.', buckets: [0.1, 1] })
    for (const value of [0.05, 0.1, 0.5, 7]) histogram.observe(value)
    expect((await registry.metrics()).trim().split('\n')).toEqual([
      '# HELP h Help.',
      '# TYPE h histogram',
      'h_bucket{le="0.1"} 2',
      'h_bucket{le="1"} 3',
      'h_bucket{le="+Inf"} 4',
      'h_sum 7.65',
      'h_count 4',
    ])
  })
})
