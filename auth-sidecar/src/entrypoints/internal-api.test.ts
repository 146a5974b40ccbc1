import {
  authenticateAnswerSchema,
  checkAnswerSchema,
  internalPaths,
  maxIdentitiesPerCheck,
} from '@sallyport/contracts/authority-event'
import { maxIdentityBytes } from '@sallyport/contracts/identity-schema'
import { createLog } from '@sallyport/service-kit/log'
import { afterEach, describe, expect, it } from 'vitest'
import { createMetrics } from '../metrics.ts'
import { createDomainFixture, origin } from '../testing/domain-fixture.ts'
import { startExchange } from '../testing/http2-exchange.ts'
import { createConnectionLog } from './connection-log.ts'
import { createInternalHandler, type InternalApiDeps } from './internal-api.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function startInternal(changes: Partial<InternalApiDeps> = {}) {
  const fixture = await createDomainFixture()
  const lines: string[] = []
  const log = createLog('auth-sidecar', 'debug', { write: (line) => void lines.push(line) })
  const connectionLog = createConnectionLog(log, fixture.deps.now)
  const metrics = createMetrics()
  const { feed, authorities, issuer, policy } = fixture
  const own = { feed, authorities, issuer, log, connectionLog, metrics }
  const handler = createInternalHandler({ ...fixture.deps, ...own, policy, ...changes })
  const exchange = await startExchange(handler.onStream)
  closers.push(exchange.close, handler.close, connectionLog.close)
  const post = (path: string, body: string) =>
    exchange.ask({ ':method': 'POST', ':path': path }, body)
  return { ...fixture, post, lines, metrics }
}

const first = (token: string) =>
  JSON.stringify({ token, route: 'websocket', origin, clientAddress: '127.0.0.9' })

describe('what backends may ask', () => {
  it('FMA-1 LOG-1 says whose token a first message holds, and leaves a line and a count', async () => {
    const { post, login, lines, metrics } = await startInternal()
    const { token } = await login()
    const { status, body } = await post(internalPaths.authenticate, first(token))
    expect(status).toBe(200)
    expect(authenticateAnswerSchema.parse(JSON.parse(body))).toMatchObject({
      outcome: 'authenticated',
      identity: { subject: 'alice', way: 'first-message' },
    })
    expect(lines.join('')).toContain('"subject":"alice"')
    expect(lines.join('')).not.toContain(token)
    expect(await metrics.registry.metrics()).toContain('outcome="allowed",reason="first-message"')
  })

  it('AUT-16 tells the backend which close a refused first message gets, and nothing of why', async () => {
    const { post } = await startInternal()
    const { body } = await post(internalPaths.authenticate, first('a.b.c'))
    expect(JSON.parse(body)).toEqual({ outcome: 'refused', close: 'tokenInvalid' })
  })

  it.each([
    ['no JSON', '{'],
    ['nothing', ''],
    ['another form', '{"token":1}'],
    ['a token beyond its bound', first('a'.repeat(8193))],
  ])('J25 FMA-2 refuses a question that is %s', async (_name, body) => {
    const { post } = await startInternal()
    expect((await post(internalPaths.authenticate, body)).status).toBe(400)
    expect((await post(internalPaths.check, body)).status).toBe(400)
  })

  it('J25 refuses a question that is longer than any of ours, and answers those beside and behind it', async () => {
    const { post, login } = await startInternal()
    const { token } = await login()
    const lengths = [17 * 1024, 1024 * 1024]
    const long = lengths.map((length) => post(internalPaths.authenticate, ' '.repeat(length)))
    const beside = post(internalPaths.authenticate, first(token))
    expect((await Promise.all(long)).map(({ status }) => status)).toEqual([413, 413])
    expect((await beside).status).toBe(200)
    expect((await post(internalPaths.authenticate, first(token))).status).toBe(200)
  })

  it('RX.13 has room for as many identities of the longest form as a check may name', async () => {
    const { post, login } = await startInternal()
    const { session } = await login()
    const identity = {
      issuer: 'https://app.example.com/auth',
      subject: 'alice',
      sessionId: session.sessionId,
      way: 'session-cookie',
      generation: session.generation,
      route: 'websocket',
      origin,
      clientAddress: '127.0.0.1',
      groups: [],
      scopes: [],
      claims: { long: '' },
    }
    identity.claims.long = 'x'.repeat(maxIdentityBytes - JSON.stringify(identity).length)
    const identities = Array.from({ length: maxIdentitiesPerCheck }, () => identity)
    const { status, body } = await post(internalPaths.check, JSON.stringify({ identities }))
    expect(status).toBe(200)
    const { verdicts } = checkAnswerSchema.parse(JSON.parse(body))
    expect(new Set(verdicts)).toEqual(new Set(['good']))
  })

  it('ERR-1 answers 503 when something it depends on fails', async () => {
    const down = () => Promise.reject(new Error('the store is down'))
    const { post } = await startInternal({ currentAuthority: { byToken: down } })
    expect((await post(internalPaths.authenticate, first('a.b.c'))).status).toBe(503)
  })

  it('ERR-1 R4.4 LOG-1 counts each first message that an outage refuses, and tells the outage once', async () => {
    const down = () => Promise.reject(new Error('the store is down'))
    const { post, lines, metrics } = await startInternal({ currentAuthority: { byToken: down } })
    const asked = Array.from({ length: 20 }, () => post(internalPaths.authenticate, first('a.b.c')))
    expect((await Promise.all(asked)).every(({ status }) => status === 503)).toBe(true)
    expect(await metrics.registry.metrics()).toMatch(
      /outcome="unavailable",reason="outage"[^}]*\} 20\n/,
    )
    const loud = lines.filter((line) => line.includes('the store is down'))
    expect(loud.filter((line) => line.includes('"level":"error"'))).toHaveLength(1)
  })

  it('HDR-4 has nothing anywhere else', async () => {
    const { post } = await startInternal()
    for (const path of ['/', '/authority', '/authority/other', '//authority/check']) {
      expect((await post(path, '{}')).status).toBe(404)
    }
  })
})
