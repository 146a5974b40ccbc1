import { denials } from '@sallyport/contracts/denials'
import { createLog } from '@sallyport/service-kit/log'
import { afterEach, describe, expect, it } from 'vitest'
import { createMemoryAttemptLimiter } from '../limits/attempt-limiter.memory.ts'
import { createMetrics } from '../metrics.ts'
import { createFixedPolicy } from '../policy/policy-source.ts'
import {
  createDomainFixture,
  handshakeLines,
  policyOf,
  webSocketKey,
  websocketRoute,
} from '../testing/domain-fixture.ts'
import { startExchange } from '../testing/http2-exchange.ts'
import { createConnectionLog } from './connection-log.ts'
import { createSubrequestHandler, type VerifyDeps } from './verify.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function startVerify(changes: Partial<VerifyDeps> = {}) {
  const fixture = await createDomainFixture()
  const { now } = fixture.deps
  const lines: string[] = []
  const log = createLog('auth-sidecar', 'debug', { write: (line) => void lines.push(line) })
  const connectionLog = createConnectionLog(log, now)
  const metrics = createMetrics()
  const routes = [
    websocketRoute({ identityHeaders: ['Remote-User'] }),
    websocketRoute({ name: 'app', kind: 'http', path: '/app' }),
  ]
  const handler = createSubrequestHandler({
    ...fixture.deps,
    policy: createFixedPolicy(policyOf(routes)),
    probes: createMemoryAttemptLimiter({ limit: 30, windowMs: 60_000, maxKeys: 10, now }),
    decideRequest: async () => ({
      outcome: { ok: true, value: { headers: { 'remote-user': 'x' } } },
    }),
    log,
    connectionLog,
    metrics,
    ...changes,
  })
  const exchange = await startExchange(handler.onStream)
  closers.push(exchange.close, handler.close, connectionLog.close)
  const ask = (path: string, headers: Parameters<typeof handshakeLines>[0] = {}) => {
    const flat = handshakeLines({ ...headers, ':path': path })
    const pairs = Object.fromEntries(
      flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1] ?? '']] : [])),
    )
    return exchange.ask(pairs)
  }
  return { ...fixture, ask, lines, metrics }
}

const probe = {
  'x-forwarded-method': 'POST',
  'x-forwarded-uri': '/ws/probe',
  'x-sallyport-probe': '1',
}

describe('subrequests', () => {
  it('R0.3 HDR-5 answers an allowed handshake with the identity, the protocol and the route’s headers', async () => {
    const { ask, login } = await startVerify()
    const { token } = await login()
    const offer = { 'sec-websocket-protocol': `sallyport.v1, bearer.${token}` }
    const { status, headers, body } = await ask('/verify/websocket', offer)
    expect(status).toBe(200)
    expect(body).toBe('')
    expect(headers).toMatchObject({
      'x-sallyport-identity': `signed:alice:${webSocketKey}`,
      'x-sallyport-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      'sec-websocket-protocol': 'sallyport.v1',
      'remote-user': 'alice',
    })
    expect(JSON.stringify(headers)).not.toContain(token)
  })

  it('FMA-1 answers a pending handshake with leave to authenticate and its protocol', async () => {
    const { ask, metrics } = await startVerify()
    const { status, headers } = await ask('/verify/websocket', {
      'sec-websocket-protocol': 'sallyport.v1.first-message',
    })
    expect(status).toBe(200)
    expect(headers['x-sallyport-identity']).toBe(`pending:websocket:${webSocketKey}`)
    expect(headers['sec-websocket-protocol']).toBe('sallyport.v1.first-message')
    expect(await metrics.registry.metrics()).toContain('outcome="pending",reason="first-message"')
  })

  it.each([
    '/verify',
    '/verify/',
    '/verify/other',
    '/verify/websocket/',
    '/verify/websocket?x',
    '/verify/app',
    '/probe/app',
    '/request/websocket',
    '/x/websocket',
    '/websocket',
    '/',
    '//verify/websocket',
    '/verify/constructor',
  ])('HDR-3 has nothing at %s', async (path) => {
    const { ask, login } = await startVerify()
    const { token } = await login()
    const { status, headers, body } = await ask(path, { authorization: `Bearer ${token}` })
    expect(status).toBe(404)
    expect(headers['x-sallyport-identity']).toBeUndefined()
    expect(JSON.parse(body)).toMatchObject({ code: 'not-found' })
  })

  it('R3.1 AUT-16 answers a refusal as problem+json that names the ways and echoes nothing', async () => {
    const { ask, lines } = await startVerify()
    const marks = { authorization: 'Bearer CANARY-1', cookie: 'sessionId=CANARY-2' }
    const { status, headers, body } = await ask('/verify/websocket', marks)
    expect(status).toBe(401)
    expect(headers['content-type']).toBe('application/problem+json')
    expect(JSON.parse(body)).toMatchObject({
      code: 'invalid-credential',
      detail: 'Invalid credential',
      accepts: expect.arrayContaining(['authorization', 'ticket']),
    })
    expect(`${body}${JSON.stringify(headers)}${lines.join('')}`).not.toContain('CANARY')
  })

  it('AUT-16 gives every invalid credential of a kind the same answer', async () => {
    const { ask, login, logout } = await startVerify()
    const ended = await login()
    await logout(ended.session)
    const offers = ['x', 'a.b.c', ended.token, ended.cookieToken].map((token) => ({
      authorization: `Bearer ${token}`,
    }))
    const answers = await Promise.all(offers.map((lines) => ask('/verify/websocket', lines)))
    const said = answers.map(({ status, body }) => {
      const { requestId: _own, ...rest } = JSON.parse(body) as Record<string, unknown>
      return JSON.stringify({ status, ...rest })
    })
    expect(new Set(said).size).toBe(1)
  })

  it('R2.4 lets a probe go on without an identity, and refuses it like the upgrade', async () => {
    const { ask, login, metrics } = await startVerify()
    const { token } = await login()
    const allowed = await ask('/probe/websocket', { ...probe, authorization: `Bearer ${token}` })
    expect(allowed.status).toBe(200)
    expect(allowed.headers['x-sallyport-identity']).toBeUndefined()
    expect(allowed.headers['remote-user']).toBeUndefined()
    const refused = await ask('/probe/websocket', probe)
    expect(JSON.parse(refused.body)).toMatchObject({ code: 'authentication-required' })
    const exposed = await metrics.registry.metrics()
    expect(exposed).toContain('sallyport_probes_total{outcome="allowed",reason="probe"} 1')
  })

  it('RX.13 answers for http routes what is decided about their requests', async () => {
    const granted = await startVerify()
    const { status, headers } = await granted.ask('/request/app')
    expect(status).toBe(200)
    expect(headers['remote-user']).toBe('x')
    expect(headers['x-sallyport-identity']).toBeUndefined()
    const redirecting = await startVerify({
      decideRequest: async () => ({
        outcome: { ok: false, error: { redirectTo: '/?return=%2Fapp' } },
      }),
    })
    expect(await redirecting.ask('/request/app')).toMatchObject({
      status: 302,
      headers: { location: '/?return=%2Fapp', 'cache-control': 'no-store' },
    })
    const error = { code: 'not-allowed', reason: 'policy' } as const
    const refusing = await startVerify({
      decideRequest: async () => ({ outcome: { ok: false, error } }),
    })
    expect((await refusing.ask('/request/app')).status).toBe(denials['not-allowed'].status)
    expect(refusing.lines.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ msg: 'refused', kind: 'request', route: 'app' }),
    )
  })

  it('ERR-1 R0.7 answers 503 when something it depends on fails, and floods no log with it', async () => {
    const failing = () => Promise.reject(new Error('the store is down'))
    const { ask, lines } = await startVerify({
      currentAuthority: {
        byToken: failing,
        bySession: failing,
        byTicket: failing,
        burnTicket: failing,
      },
      decideRequest: failing,
    })
    const bearer = { authorization: 'Bearer a.b.c' }
    const offer = { 'sec-websocket-protocol': `sallyport.v1, ticket.${'A'.repeat(43)}` }
    const foreign = { ...offer, origin: 'https://evil.example' }
    const asked = [
      ask('/verify/websocket', bearer),
      ask('/verify/websocket', { cookie: `sessionId=${'A'.repeat(43)}` }),
      ask('/verify/websocket', offer),
      ask('/verify/websocket', foreign),
      ask('/probe/websocket', { ...probe, ...bearer }),
      ask('/request/app'),
    ]
    for (const { status, headers } of await Promise.all(asked)) {
      expect(status).toBe(503)
      expect(headers['retry-after']).toBe('2')
      expect(headers['x-sallyport-identity']).toBeUndefined()
    }
    const loud = lines.filter((line) => line.includes('could not be decided'))
    expect(loud.filter((line) => line.includes('"level":"error"'))).toHaveLength(1)
  })

  it('R3.1 COO-2 tells the log of an ignored cookie without its value', async () => {
    const { ask, login, lines } = await startVerify()
    const { token } = await login()
    const cookie = `sessionId=${'C'.repeat(43)}`
    await ask('/verify/websocket', { authorization: `Bearer ${token}`, cookie })
    const ignored = lines.find((line) => line.includes('invalid cookie was ignored'))
    expect(ignored).toContain('session-unknown')
    expect(lines.join('')).not.toContain('CCCC')
  })
})
