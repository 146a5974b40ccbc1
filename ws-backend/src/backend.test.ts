// The backend as a whole: health, readiness, metrics, drain, and the feed's effect on live sockets.

import type { IncomingHttpHeaders } from 'node:http'
import { request } from 'node:https'
import { text } from 'node:stream/consumers'
import { clientTlsOptions } from '@sallyport/service-kit/mutual-tls'
import { afterEach, describe, expect, it } from 'vitest'
import {
  startTestBackend,
  type TestBackend,
  type TestBackendOptions,
} from './testing/test-backend.ts'

let running: TestBackend | undefined

afterEach(async () => {
  await running?.close()
  running = undefined
})

async function start(options?: TestBackendOptions): Promise<TestBackend> {
  running = await startTestBackend(options)
  return running
}

const ended = { type: 'session-ended', subject: 'alice', scope: 'everything' } as const

async function connected(backend: TestBackend): Promise<void> {
  await backend.sidecar.feedOpened()
  backend.sidecar.say({ type: 'position', epoch: 'epoch-1', sequence: 0 })
  await backend.logged('the authority feed is connected')
}

async function ask({ backend, traefik }: TestBackend, path: string, method = 'GET', sent = '') {
  return new Promise<{ status: number | undefined; headers: IncomingHttpHeaders; body: string }>(
    (resolve, reject) => {
      const asking = request(
        {
          port: backend.port,
          host: '127.0.0.1',
          path,
          method,
          agent: false,
          ...clientTlsOptions(traefik, 'ws-backend'),
        },
        (response) => {
          const { statusCode: status, headers } = response
          text(response).then((body) => resolve({ status, headers, body }), reject)
        },
      )
      asking.on('error', reject).end(sent)
    },
  )
}

async function metricsOf({ backend }: TestBackend): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${backend.managementPort}/metrics`)
  return answer.text()
}

describe('health', () => {
  it('says degraded without the feed and ok with it', async () => {
    const backend = await start()
    await backend.sidecar.feedOpened()
    expect(await ask(backend, '/ws/health')).toMatchObject({
      status: 200,
      body: '{"status":"degraded"}',
    })
    await connected(backend)
    expect(await ask(backend, '/ws/health?x')).toMatchObject({
      status: 200,
      body: '{"status":"ok"}',
    })
    expect(await metricsOf(backend)).toContain('sallyport_authority_feed_connected 1')
  })

  it('answers everything else with 404 as problem+json', async () => {
    const answer = await ask(await start(), '/')
    expect(answer).toMatchObject({
      status: 404,
      headers: { 'content-type': 'application/problem+json' },
    })
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'not-found' })
  })
})

describe('the probe', () => {
  it('R1.6 is answered with 204 and no body, at the path of the sockets', async () => {
    const backend = await start({ socketPaths: ['/ws', '/app/live'] })
    for (const path of ['/ws/probe', '/ws/probe?x', '/app/live/probe']) {
      const { status, headers, body } = await ask(backend, path, 'POST')
      expect([status, headers['cache-control'], body]).toEqual([204, 'no-store', ''])
    }
    expect((await ask(backend, '/app/probe', 'POST')).status).toBe(404)
    expect((await ask(backend, '/ws', 'POST')).status).toBe(404)
  })

  it.each(['GET', 'HEAD', 'PUT', 'OPTIONS'])('R1.6 takes no %s', async (method) => {
    const { status, headers } = await ask(await start(), '/ws/probe', method)
    expect([status, headers.allow]).toEqual([405, 'POST'])
  })

  it('R1.6 reads no body: the connection that brought one ends with the answer', async () => {
    const { status, headers } = await ask(await start(), '/ws/probe', 'POST', 'x'.repeat(1000))
    expect([status, headers.connection]).toEqual([204, 'close'])
  })
})

describe('drain', () => {
  it('tells every socket to come back at its own moment, then stops', async () => {
    const backend = await start()
    const clients = await Promise.all([1, 2, 3].map(() => backend.openLive()))
    const closing = backend.close()
    running = undefined
    for (const client of clients) {
      const advice = await client.message('disconnect')
      expect(advice).toMatchObject({ code: 1012, reconnect: true })
      expect(advice['retryAfterMs']).toBeGreaterThanOrEqual(0)
      expect(advice['retryAfterMs']).toBeLessThan(10_000)
      expect(await client.closeCode()).toBe(1012)
    }
    await closing
    await expect(ask(backend, '/ws/health')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('turns new upgrades away with 503 and is not ready, while sockets are still closing', async () => {
    const backend = await start({ limits: { endGraceMs: 900 } })
    const client = await backend.openLive()
    const closing = backend.close()
    running = undefined
    await client.message('disconnect')
    const refused = await backend.open()
    await refused.closed
    expect(refused.status()).toBe(503)
    expect(refused.head()).toContain('retry-after: 1')
    expect(await ask(backend, '/ws/health')).toMatchObject({
      status: 503,
      body: '{"status":"draining"}',
    })
    const probe = await ask(backend, '/ws/probe', 'POST')
    expect([probe.status, probe.headers['retry-after']]).toEqual([503, '1'])
    expect(JSON.parse(probe.body)).toMatchObject({ code: 'unavailable' })
    const ready = await fetch(`http://127.0.0.1:${backend.backend.managementPort}/readyz`)
    expect(ready.status).toBe(503)
    await closing
  })
})

describe('live authority', () => {
  it('RX.2 asks about everybody when the feed cannot tell what was missed, and ends only the bad', async () => {
    const verdicts = new Map<string, 'good' | 'revoked' | 'void'>()
    const backend = await start({ judge: ({ sessionId }) => verdicts.get(sessionId) ?? 'good' })
    await connected(backend)
    const [good, revoked, gone] = await Promise.all(
      ['s-good', 's-revoked', 's-void'].map((sessionId) => backend.openLive({ sessionId })),
    )
    verdicts.set('s-revoked', 'revoked').set('s-void', 'void')
    backend.sidecar.say({ type: 'resync', epoch: 'epoch-2', sequence: 9 })
    expect(await revoked?.closeCode()).toBe(4410)
    expect(await gone?.closeCode()).toBe(4401)
    good?.send({ type: 'subscribe', data: { channel: 'room:a' } })
    expect(await good?.message('subscribed')).toEqual({ channel: 'room:a' })
    await revoked?.closed
    expect(await metricsOf(backend)).toMatch(/sockets_closed_total\{code="4410"\} 1/)
  })

  it('RX.13 asks about everybody when policies changed, and ends with 4403 whom none lets in', async () => {
    const forbidden = new Set<string>()
    const backend = await start({
      judge: ({ sessionId }) => (forbidden.has(sessionId) ? 'forbidden' : 'good'),
    })
    await connected(backend)
    const [stays, goes] = await Promise.all(
      ['s-stays', 's-goes'].map((sessionId) => backend.openLive({ sessionId })),
    )
    forbidden.add('s-goes')
    backend.sidecar.say({ type: 'policy', digest: 'policy-2' })
    expect(await goes?.message('disconnect')).toMatchObject({
      code: 4403,
      reason: 'forbidden',
      reconnect: false,
      refresh: false,
    })
    expect(await goes?.closeCode()).toBe(4403)
    stays?.send({ type: 'subscribe', data: { channel: 'room:a' } })
    expect(await stays?.message('subscribed')).toEqual({ channel: 'room:a' })
  })

  it('RX.2 comes back to a lost feed where it left off, and applies what it missed', async () => {
    const backend = await start()
    await connected(backend)
    const client = await backend.openLive()
    backend.sidecar.say({ ...ended, sequence: 1, sessionId: 'x' })
    backend.sidecar.say({ type: 'alive', sequence: 1 })
    await ask(backend, '/ws/health')
    backend.sidecar.cutFeeds()
    await backend.sidecar.feedOpened(2)
    expect(backend.sidecar.feedPaths[1]).toBe(
      '/authority/feed?node=node-test&epoch=epoch-1&after=1',
    )
    backend.sidecar.say({ type: 'position', epoch: 'epoch-1', sequence: 1 })
    backend.sidecar.say({ ...ended, sequence: 2, sessionId: 'session-1' })
    expect(await client.closeCode()).toBe(4410)
  })

  it('RX.12 ends nobody because the sidecar is away', async () => {
    const backend = await start()
    await connected(backend)
    const client = await backend.openLive()
    await backend.sidecar.close()
    await backend.logged('the authority feed is lost')
    client.send({ type: 'subscribe', data: { channel: 'room:a' } })
    expect(await client.message('subscribed')).toEqual({ channel: 'room:a' })
    const late = await backend.open()
    expect(await late.closeCode()).toBe(4504)
  })
})
