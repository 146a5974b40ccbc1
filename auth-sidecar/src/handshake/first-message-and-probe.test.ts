import type { Route } from '@sallyport/contracts/policy'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMemoryAttemptLimiter } from '../limits/attempt-limiter.memory.ts'
import {
  createDomainFixture,
  handshakeLines,
  origin,
  webSocketKey,
} from '../testing/domain-fixture.ts'
import { authenticateAnswer, authenticatePending } from './authenticate-pending.ts'
import { decideProbe } from './decide-probe.ts'

type Fixture = Awaited<ReturnType<typeof createDomainFixture>>

const asksToWait = { 'sec-websocket-protocol': 'sallyport.v1.first-message' }
const asksForBoth = { 'sec-websocket-protocol': 'sallyport.v1, sallyport.v1.first-message' }
const pending = {
  identity: { route: 'websocket', origin, clientAddress: '127.0.0.9' },
  assertion: `pending:websocket:${webSocketKey}`,
  protocol: 'sallyport.v1.first-message',
}

describe('a handshake that authenticates by its first message', () => {
  it('FMA-1 is let in as nobody, bound to its handshake', async () => {
    const { decide } = await createDomainFixture()
    expect(await decide(asksToWait)).toEqual(pending)
    expect(await decide(asksForBoth)).toEqual(pending)
  })

  it('FMA-1 is refused where the backend is not ours, whatever the ways of the route say', async () => {
    const { decide } = await createDomainFixture({ backend: 'somebody' })
    expect(await decide(asksToWait)).toMatchObject({
      code: 'authentication-required',
      reason: 'way-off',
    })
    expect(await decide(asksForBoth)).toMatchObject({ code: 'authentication-required' })
  })

  it('FMA-1 pays no attention to cookies, good or bad', async () => {
    const fixture = await createDomainFixture()
    const { secret } = await fixture.login()
    for (const cookie of [`sessionId=${secret}`, 'sessionId=a; sessionId=b']) {
      expect(await fixture.decide({ ...asksToWait, cookie })).toEqual(pending)
    }
  })

  it('AUT-2 is decided by what is presented explicitly', async () => {
    const fixture = await createDomainFixture()
    const { token } = await fixture.login()
    const authorization = `Bearer ${token}`
    expect(await fixture.decide({ ...asksForBoth, authorization })).toMatchObject({
      identity: { way: 'authorization' },
      protocol: 'sallyport.v1',
    })
    const entry = { 'sec-websocket-protocol': 'sallyport.v1, sallyport.v1.first-message, bearer.x' }
    expect(await fixture.decide(entry)).toMatchObject({ code: 'invalid-credential' })
  })

  it('ORG-1 FMA-1 is judged by its origin and counted like any other', async () => {
    const { decide } = await createDomainFixture(1)
    const foreign = { ...asksToWait, origin: 'https://evil.example' }
    expect(await decide(foreign)).toMatchObject({ code: 'origin-not-allowed' })
    expect(await decide(asksToWait)).toEqual(pending)
    expect(await decide(asksToWait)).toMatchObject({ code: 'rate-limited' })
  })

  it('AUT-1 is refused where the way is off, unless our protocol stands beside it', async () => {
    const fixture = await createDomainFixture({ ways: ['session-cookie'] })
    const { secret } = await fixture.login()
    const cookie = `sessionId=${secret}`
    expect(await fixture.decide({ ...asksToWait, cookie })).toMatchObject({
      code: 'authentication-required',
      reason: 'way-off',
      accepts: ['session-cookie'],
    })
    expect(await fixture.decide({ ...asksForBoth, cookie })).toMatchObject({
      identity: { way: 'session-cookie' },
      protocol: 'sallyport.v1',
    })
  })
})

const first = (token: string, changes: object = {}) => ({
  token,
  route: 'websocket',
  origin,
  clientAddress: '127.0.0.9',
  ...changes,
})

async function answerOf(fixture: Fixture, request: ReturnType<typeof first>) {
  const { outcome } = await authenticatePending(request, fixture.deps as never)
  return authenticateAnswer(outcome)
}

const closes = (close: string) => ({ outcome: 'refused', close })

describe('a first message', () => {
  it('AUT-1 is judged like a bearer, and answered with the identity', async () => {
    const fixture = await createDomainFixture()
    const { token, session } = await fixture.login()
    expect(await answerOf(fixture, first(token))).toMatchObject({
      outcome: 'authenticated',
      identity: {
        subject: 'alice',
        sessionId: session.sessionId,
        way: 'first-message',
        route: 'websocket',
        origin,
        ttlMs: 600_000,
      },
    })
  })

  it.each<[string, (login: Awaited<ReturnType<Fixture['login']>>) => string]>([
    ['that is none', () => 'x'],
    ['for the cookie', ({ cookieToken }) => cookieToken],
    ['that is a ticket', () => 'A'.repeat(43)],
    ['that was changed', ({ token }) => `${token.slice(0, -8)}AAAAAAAA`],
  ])('AUT-1 closes the socket for a token %s', async (_name, tokenOf) => {
    const fixture = await createDomainFixture()
    const token = tokenOf(await fixture.login())
    expect(await answerOf(fixture, first(token))).toEqual(closes('tokenInvalid'))
  })

  it('SES-1 closes the socket for a token of a session that was ended or that ran out', async () => {
    const fixture = await createDomainFixture()
    const [ended, late] = [await fixture.login(), await fixture.login()]
    await fixture.logout(ended.session)
    expect(await answerOf(fixture, first(ended.token))).toEqual(closes('tokenInvalid'))
    fixture.advanceMs(600_001)
    expect(await answerOf(fixture, first(late.token))).toEqual(closes('tokenInvalid'))
  })

  it.each<[string, Partial<Route>, object, object?]>([
    ['at a route that is gone', {}, { route: 'old' }],
    ['at a route of plain HTTP', { kind: 'http' }, {}],
    ['where the way was switched off', { ways: ['authorization'] }, {}],
    ['from an origin that is not listed any more', {}, { origin: 'https://old.example' }],
    ['without an origin', {}, { origin: undefined }],
    [
      'of somebody the policy does not let in',
      { who: { groups: ['x'], scopes: [], claims: {} } },
      {},
    ],
    ['from a blocked address', {}, {}, { addresses: { unlimited: [], blocked: ['127.0.0.9/32'] } }],
  ])('RX.13 says forbidden to one %s', async (_name, route, request, policy = {}) => {
    const fixture = await createDomainFixture(route, policy)
    const { token } = await fixture.login()
    expect(await answerOf(fixture, first(token, request))).toEqual(closes('forbidden'))
  })

  it('R4.1 is not counted again, and settles its attempt where people share an address', async () => {
    const strict = await createDomainFixture(1)
    const { token } = await strict.login()
    for (let message = 0; message < 3; message += 1) {
      expect(await answerOf(strict, first(token))).toMatchObject({ outcome: 'authenticated' })
    }
    const attempts = { perMinute: 1, profile: 'shared-address', perSubjectPerMinute: 2 } as const
    const shared = await createDomainFixture({ attempts })
    const alice = await shared.login()
    for (let round = 0; round < 2; round += 1) {
      expect(await shared.decide(asksToWait)).toEqual(pending)
      expect(await answerOf(shared, first(alice.token))).toMatchObject({ outcome: 'authenticated' })
    }
    expect(await shared.decide(asksToWait)).toEqual(pending)
    expect(await answerOf(shared, first(alice.token))).toEqual({
      ...closes('rateLimited'),
      retryAfterMs: 60_000,
    })
  })

  it('FMA-2 never throws and never lets noise in', async () => {
    const fixture = await createDomainFixture()
    const noise = fc.string({ unit: 'binary' })
    await fc.assert(
      fc.asyncProperty(noise, noise, noise, async (token, route, address) => {
        const request = { ...first(token), route, clientAddress: address }
        expect(await answerOf(fixture, request)).toEqual(closes('forbidden'))
        expect(await answerOf(fixture, first(token))).toEqual(closes('tokenInvalid'))
      }),
    )
  })
})

const probe = {
  'x-forwarded-method': 'POST',
  'x-forwarded-uri': '/ws/probe',
  'x-sallyport-probe': '1',
  'sec-websocket-key': undefined,
  'sec-websocket-version': undefined,
}

async function createProbeFixture(...given: Parameters<typeof createDomainFixture>) {
  const fixture = await createDomainFixture(...given)
  const now = fixture.deps.now
  const probes = createMemoryAttemptLimiter({ limit: 30, windowMs: 60_000, maxKeys: 100, now })
  return {
    ...fixture,
    probe: async (
      changes: Parameters<typeof handshakeLines>[0] = {},
      other: Partial<Route> = {},
    ) => {
      const lines = handshakeLines({ ...probe, ...changes })
      const deps = { ...fixture.deps, probes }
      const { outcome } = await decideProbe(lines, { ...fixture.route, ...other }, deps)
      return outcome.ok ? 'allowed' : outcome.error
    },
  }
}

describe('a probe', () => {
  it('RX.4 says that an upgrade would be allowed', async () => {
    const fixture = await createProbeFixture()
    const { token, secret, cookieToken } = await fixture.login()
    expect(await fixture.probe({ authorization: `Bearer ${token}` })).toBe('allowed')
    expect(await fixture.probe({ cookie: `sessionId=${secret}` })).toBe('allowed')
    expect(await fixture.probe({ cookie: `auth_token=${cookieToken}` })).toBe('allowed')
  })

  it.each<[string, Parameters<typeof handshakeLines>[0], Partial<Route>]>([
    ['nothing presented', {}, {}],
    ['a bad token', { authorization: 'Bearer a.b.c' }, {}],
    ['Basic', { authorization: 'Basic YTpi' }, {}],
    ['a stale cookie', { cookie: `sessionId=${'A'.repeat(43)}` }, {}],
    ['a cookie twice', { cookie: 'sessionId=a; sessionId=b' }, {}],
    ['a foreign origin', { origin: 'https://evil.example' }, {}],
    ['no origin', { origin: undefined }, {}],
    ['no origin and a cookie', { origin: undefined, cookie: 'a=b' }, { allowMissingOrigin: true }],
  ])('RX.4 gives the very denial of an upgrade: %s', async (_name, lines, route) => {
    const fixture = await createProbeFixture()
    expect(await fixture.probe(lines, route)).toEqual(await fixture.decide(lines, route))
  })

  it('RX.4 gives the denial of the policy', async () => {
    const fixture = await createProbeFixture({ who: { groups: ['x'], scopes: [], claims: {} } })
    const { token } = await fixture.login()
    const refused = { code: 'not-allowed', reason: 'policy-groups' }
    expect(await fixture.probe({ authorization: `Bearer ${token}` })).toEqual(refused)
  })

  it('RX.4 lets Authorization stand in for a token that travels otherwise on a socket', async () => {
    const fixture = await createProbeFixture()
    const { token } = await fixture.login()
    const bearer = { authorization: `Bearer ${token}` }
    expect(await fixture.probe(bearer, { ways: ['subprotocol'] })).toBe('allowed')
    expect(await fixture.probe(bearer, { ways: ['first-message'] })).toBe('allowed')
    const ways = ['session-cookie', 'ticket'] as const
    expect(await fixture.probe(bearer, { ways })).toMatchObject({
      reason: 'way-off',
      accepts: ways,
    })
    const bad = { authorization: 'Basic x' }
    expect(await fixture.probe(bad, { ways: ['subprotocol'] })).toMatchObject({
      accepts: ['subprotocol'],
    })
  })

  it.each<[string, Parameters<typeof handshakeLines>[0], string]>([
    ['without its header', { 'x-sallyport-probe': undefined }, 'probe-header'],
    ['with another value', { 'x-sallyport-probe': '0' }, 'probe-header'],
    ['by GET', { 'x-forwarded-method': 'GET' }, 'method'],
    ['at the path of the upgrade', { 'x-forwarded-uri': '/ws' }, 'path'],
    ['below its path', { 'x-forwarded-uri': '/ws/probe/' }, 'path'],
    [
      'with a ticket in the query',
      { 'x-forwarded-uri': '/ws/probe?ticket=x' },
      'credential-in-query',
    ],
    [
      'with a token in the query',
      { 'x-forwarded-uri': '/ws/probe?token=x' },
      'credential-in-query',
    ],
    ['twice authorized', { authorization: ['Bearer a', 'Bearer a'] }, 'duplicate-header'],
  ])('TRN-4 is refused %s', async (_name, changes, reason) => {
    const { probe: ask } = await createProbeFixture()
    expect(await ask(changes)).toMatchObject({ reason })
  })

  it('TKT-5 refuses a ticket and does not burn it', async () => {
    const fixture = await createProbeFixture()
    const { session } = await fixture.login()
    const ticket = await fixture.ticketOf(session)
    const offer = { 'sec-websocket-protocol': `sallyport.v1, ticket.${ticket}` }
    expect(await fixture.probe(offer)).toMatchObject({ code: 'malformed-handshake' })
    expect(await fixture.decide(offer)).toHaveProperty('identity')
  })

  it('R4.1 reads the counter of attempts without adding to it', async () => {
    const { probe: ask, decide } = await createProbeFixture(1)
    for (let round = 0; round < 3; round += 1) {
      expect(await ask()).toMatchObject({ code: 'authentication-required' })
    }
    expect(await decide({})).toMatchObject({ code: 'authentication-required' })
    expect(await ask()).toEqual(await decide({}))
    expect(await ask()).toMatchObject({ code: 'rate-limited' })
  })

  it('R4.1 has a budget of its own, a foreign page another', async () => {
    const { probe: ask, decide } = await createProbeFixture()
    const foreign = { origin: 'https://evil.example' }
    for (let round = 0; round < 30; round += 1) await ask(foreign)
    expect(await ask(foreign)).toMatchObject({ code: 'rate-limited' })
    for (let round = 0; round < 30; round += 1) await ask()
    expect(await ask()).toMatchObject({ code: 'rate-limited' })
    expect(await decide({})).toMatchObject({ code: 'authentication-required' })
  })

  it('R4.9 is refused from a blocked address and unlimited from another', async () => {
    const addresses = { unlimited: ['127.0.0.8/32'], blocked: ['127.0.0.9/32'] }
    const { probe: ask } = await createProbeFixture({}, { addresses })
    expect(await ask()).toMatchObject({ reason: 'address-blocked' })
    const health = { 'x-forwarded-for': '127.0.0.8' }
    for (let round = 0; round < 31; round += 1) await ask(health)
    expect(await ask(health)).toMatchObject({ code: 'authentication-required' })
  })

  it('R4.1 sees the limit of a subject where people share an address', async () => {
    const attempts = { perMinute: 5, profile: 'shared-address', perSubjectPerMinute: 1 } as const
    const fixture = await createProbeFixture({ attempts })
    const { token } = await fixture.login()
    const bearer = { authorization: `Bearer ${token}` }
    expect(await fixture.probe(bearer)).toBe('allowed')
    await fixture.decide(bearer)
    expect(await fixture.probe(bearer)).toEqual(await fixture.decide(bearer))
  })
})
