import {
  type AppliedReport,
  authenticateAnswerSchema,
  type ConnectionsAnswer,
  checkAnswerSchema,
  internalPaths,
  maxIdentitiesPerCheck,
  maxListedConnections,
  refreshAnswerSchema,
} from '@sallyport/contracts/authority-questions'
import { maxIdentityBytes } from '@sallyport/contracts/identity-schema'
import { createLog } from '@sallyport/service-kit/log'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createAuthorityFeed } from '../authority/authority-feed.ts'
import { createMetrics } from '../metrics.ts'
import { RedisOutage } from '../redis/redis-outage.ts'
import { createDomainFixture, origin } from '../testing/domain-fixture.ts'
import { startExchange } from '../testing/http2-exchange.ts'
import { startFeedExchange } from '../testing/http2-feed.ts'
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
  const received: ConnectionsAnswer[] = []
  const listings = { receive: (answer: ConnectionsAnswer) => void received.push(answer) }
  const applied: AppliedReport[] = []
  const own = {
    applied: (report: AppliedReport) => void applied.push(report),
    feed,
    listings,
    authorities,
    issuer,
    log,
    connectionLog,
    metrics,
  }
  const handler = createInternalHandler({ ...fixture.deps, ...own, policy, ...changes })
  const exchange = await startExchange(handler.onStream)
  closers.push(exchange.close, handler.close, connectionLog.close)
  const { ask } = exchange
  const post = (path: string, body: string) => ask({ ':method': 'POST', ':path': path }, body)
  return { ...fixture, handler, ask, post, lines, metrics, received, applied }
}

/** One connection of a backend: its feeds, and its reports. */
async function open(onStream: Parameters<typeof startFeedExchange>[0]) {
  const exchange = await startFeedExchange(onStream)
  closers.push(exchange.close)
  return {
    feed: (node: string) => exchange.open(`?node=${node}`),
    report: (report: object) => exchange.post(internalPaths.applied, JSON.stringify(report)),
  }
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
    for (const path of [internalPaths.check, internalPaths.refresh, internalPaths.connections]) {
      expect((await post(path, body)).status).toBe(400)
    }
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

  it('W92 LOG-1 says whether a new token goes on under a socket, and counts it', async () => {
    const { post, login, lines, metrics } = await startInternal()
    const [alice, bob] = [await login(), await login('bob')]
    const asked = await post(internalPaths.authenticate, first(alice.token))
    const { identity } = JSON.parse(asked.body)
    const refresh = (token: string) =>
      post(internalPaths.refresh, JSON.stringify({ token, identity }))
    const good = await refresh(alice.token)
    expect([good.status, refreshAnswerSchema.parse(JSON.parse(good.body))]).toEqual([
      200,
      { outcome: 'refreshed', identity: { ...identity, ttlMs: expect.any(Number) } },
    ])
    expect(JSON.parse((await refresh(bob.token)).body)).toEqual({
      outcome: 'refused',
      fault: 'other-subject',
    })
    expect(lines.join('')).not.toContain(alice.token)
    const shown = await metrics.registry.metrics()
    expect(shown).toContain('sallyport_authority_refreshes_total{outcome="refreshed"')
    expect(shown).toContain('outcome="refused",reason="subject"')
  })

  it('SES-6 ERR-1 answers 503 to a refresh that nobody can judge', async () => {
    const down = () => Promise.reject(new Error('the store is down'))
    const { post, login, metrics } = await startInternal()
    const { token } = await login()
    const { identity } = JSON.parse((await post(internalPaths.authenticate, first(token))).body)
    const broken = await startInternal({ currentAuthority: { byToken: down } })
    const body = JSON.stringify({ token, identity })
    expect((await broken.post(internalPaths.refresh, body)).status).toBe(503)
    expect(await broken.metrics.registry.metrics()).toContain('outcome="unavailable"')
    expect(await metrics.registry.metrics()).not.toContain('refreshes_total{outcome')
  })

  it('J25 refuses a refresh that is longer than any of ours', async () => {
    const { post } = await startInternal()
    expect((await post(internalPaths.refresh, ' '.repeat(21 * 1024))).status).toBe(413)
  })

  it('SES-7 hands a node’s sockets to whoever asked, as many as a node may name', async () => {
    const { post, received } = await startInternal()
    const connection = {
      connectionId: 'c'.repeat(64),
      issuer: 'https://app.example.com/auth',
      subject: 's'.repeat(256),
      username: 'ü'.repeat(256),
      sessionId: 's'.repeat(128),
      way: 'session-cookie',
      route: 'websocket',
      clientAddress: '203.0.113.7',
      connectedAt: '2027-01-15T08:00:00.000Z',
      expiresInMs: 1000,
    } as const
    const answer = {
      questionId: 'q',
      node: 'backend-1',
      total: 5000,
      connections: Array.from({ length: maxListedConnections }, () => connection),
    }
    const { status } = await post(internalPaths.connections, JSON.stringify(answer))
    expect(status).toBe(200)
    expect(received).toEqual([answer])
    const tooMany = { ...answer, connections: [...answer.connections, connection] }
    expect((await post(internalPaths.connections, JSON.stringify(tooMany))).status).toBe(400)
    expect(received).toHaveLength(1)
  })

  it('RX.1 SES-2 tells on the feed what happens in the store behind it', async () => {
    const { login, logout, handler } = await startInternal()
    const { session } = await login()
    const exchange = await startFeedExchange(handler.onStream)
    closers.push(exchange.close)
    const reader = await exchange.open('?node=backend-1')
    expect(await reader.next()).toMatchObject({ type: 'position' })
    expect(await reader.next()).toMatchObject({ type: 'policy' })
    await logout(session)
    const { sessionId, subject } = session
    expect(await reader.next()).toMatchObject({ type: 'session-ended', sessionId, subject })
  })

  it('RX.1 SES-2 takes how far a node is from nobody but whoever reads its feed', async () => {
    const { handler, feed, applied } = await startInternal()
    const [own, other] = [await open(handler.onStream), await open(handler.onStream)]
    const [a, b] = [await own.feed('a'), await other.feed('b')]
    const at = feed.position()
    const report = { node: 'a', epoch: at?.epoch, sequence: at?.sequence }
    expect(await other.report(report)).toBe(200)
    expect(await own.report({ ...report, node: 'b' })).toBe(200)
    expect(applied).toEqual([])
    await own.report(report)
    expect(applied).toEqual([report])
    const second = await own.feed('a')
    const left = async (count: number) =>
      vi.waitFor(() => expect(feed.readers()).toHaveLength(count))
    a.close()
    await left(2)
    await own.report(report)
    expect(applied).toHaveLength(2)
    second.close()
    await left(1)
    await own.report(report)
    expect(applied).toHaveLength(2)
    b.close()
  })

  it('RX.13 ERR-1 says good of whom it can judge beside one whom it cannot', async () => {
    const { login, post, authorities } = await startInternal()
    const { token, session } = await login()
    const { identity } = JSON.parse((await post(internalPaths.authenticate, first(token))).body)
    const current: typeof authorities.current = (lineage) =>
      lineage.sessionId === session.sessionId
        ? authorities.current(lineage)
        : Promise.reject(new RedisOutage('corrupt-value'))
    const broken = await startInternal({ authorities: { ...authorities, current } })
    const check = (...identities: readonly object[]) =>
      broken.post(internalPaths.check, JSON.stringify({ identities }))
    const unreadable = { ...identity, sessionId: 'damaged' }
    const { body } = await check(unreadable, identity)
    expect(checkAnswerSchema.parse(JSON.parse(body)).verdicts).toEqual(['unknown', 'good'])
    expect(broken.lines.join('')).toContain('"outage":"corrupt-value"')
    expect((await check(unreadable, unreadable)).status).toBe(503)
  })

  it('SES-6 has no feed while nothing is followed, and none for another method', async () => {
    const { ask } = await startInternal({ feed: createAuthorityFeed(1) })
    const path = `${internalPaths.feed}?node=a`
    expect((await ask({ ':method': 'GET', ':path': path })).status).toBe(503)
    expect((await ask({ ':method': 'POST', ':path': path })).status).toBe(404)
  })

  it('HDR-4 has nothing anywhere else', async () => {
    const { post } = await startInternal()
    for (const path of ['/', '/authority', '/authority/other', '//authority/check']) {
      expect((await post(path, '{}')).status).toBe(404)
    }
  })
})
