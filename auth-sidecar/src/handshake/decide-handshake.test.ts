import { describe, expect, it } from 'vitest'
import { createDomainFixture, handshakeLines, webSocketKey } from '../testing/domain-fixture.ts'
import { decideHandshake } from './decide-handshake.ts'

const cookie = (secret: string) => `sessionId=${secret}`
const offer = (token: string) => `sallyport.v1, bearer.${token}`

function outcomeOf(
  changes: Parameters<typeof handshakeLines>[0],
  fixture: Awaited<ReturnType<typeof createDomainFixture>>,
) {
  return fixture.decide(changes)
}

describe('decide handshake: what is allowed', () => {
  it('R0.3 honours the session cookie at the very next upgrade', async () => {
    const fixture = await createDomainFixture()
    const { secret, session } = await fixture.login()
    const grant = await outcomeOf({ cookie: cookie(secret) }, fixture)
    expect(grant).toMatchObject({
      identity: {
        subject: 'alice',
        way: 'session-cookie',
        sessionId: session.sessionId,
      },
      ttlMs: 86_400_000,
      assertion: `signed:alice:${webSocketKey}`,
      protocol: undefined,
    })
  })

  it('RX.6 signs the identity for the backend of its route', async () => {
    const fixture = await createDomainFixture()
    const { secret } = await fixture.login()
    const asked: string[] = []
    const signerOf = (backend: string) => {
      asked.push(backend)
      return fixture.deps.signerOf(backend)
    }
    for (const [backend, protocols] of [
      ['games', undefined],
      ['ws-backend', 'sallyport.v1.first-message'],
    ] as const) {
      const changes = { cookie: cookie(secret), 'sec-websocket-protocol': protocols }
      const route = { ...fixture.route, backend }
      const { outcome } = await decideHandshake(handshakeLines(changes), route, {
        ...fixture.deps,
        signerOf,
      })
      expect(outcome.ok).toBe(true)
    }
    expect(asked).toEqual(['games', 'ws-backend'])
  })

  it('R0.9 R3.1 honours a token in Authorization and in Sec-WebSocket-Protocol', async () => {
    const fixture = await createDomainFixture()
    const { token } = await fixture.login()
    expect(await outcomeOf({ authorization: `Bearer ${token}` }, fixture)).toMatchObject({
      identity: { subject: 'alice', way: 'authorization' },
      ttlMs: 600_000,
    })
    expect(await outcomeOf({ 'sec-websocket-protocol': offer(token) }, fixture)).toMatchObject({
      identity: { subject: 'alice', way: 'subprotocol' },
      protocol: 'sallyport.v1',
    })
  })

  it('R1.7 lets token and cookie of one login be one authority, ended by whichever ends first', async () => {
    const fixture = await createDomainFixture()
    const { token, secret } = await fixture.login()
    const both = { cookie: cookie(secret), authorization: `Bearer ${token}` }
    expect(await outcomeOf(both, fixture)).toMatchObject({ ttlMs: 600_000 })
  })

  it('R1.7 ignores an invalid cookie beside a valid token', async () => {
    const fixture = await createDomainFixture()
    const { token } = await fixture.login()
    const both = { cookie: cookie('A'.repeat(43)), authorization: `Bearer ${token}` }
    expect(await outcomeOf(both, fixture)).toMatchObject({ identity: { subject: 'alice' } })
  })

  it('R0.3 joins the cookie lines into which HTTP/2 splits one header', async () => {
    const fixture = await createDomainFixture()
    const { secret } = await fixture.login()
    const lines = { cookie: ['theme=dark', cookie(secret)] }
    expect(await outcomeOf(lines, fixture)).toMatchObject({ identity: { subject: 'alice' } })
  })
})

describe('decide handshake: what is refused', () => {
  it.each([
    ['nothing presented', {}, 'authentication-required', 'no-credential'],
    [
      'an unknown session',
      { cookie: cookie('A'.repeat(43)) },
      'invalid-credential',
      'session-unknown',
    ],
    ['an ill-formed session', { cookie: 'sessionId=x' }, 'invalid-credential', 'session-unknown'],
    ['an ill-formed token', { authorization: 'Bearer x' }, 'invalid-credential', 'token-form'],
    ['Basic', { authorization: 'Basic YTpi' }, 'invalid-credential', 'not-a-bearer-header'],
    [
      'a foreign origin',
      { origin: 'https://evil.example' },
      'origin-not-allowed',
      'origin-not-listed',
    ],
    ['the origin null', { origin: 'null' }, 'origin-not-allowed', 'origin-not-listed'],
    [
      'an upper-case origin',
      { origin: 'HTTPS://APP.EXAMPLE.COM' },
      'origin-not-allowed',
      'origin-not-listed',
    ],
    ['no origin', { origin: undefined }, 'origin-not-allowed', 'origin-missing'],
    [
      'no origin with a cookie',
      { origin: undefined, cookie: 'a=b' },
      'origin-not-allowed',
      'origin-missing-with-cookie',
    ],
    [
      'two origins',
      { origin: ['https://app.example.com', 'https://app.example.com'] },
      'malformed-handshake',
      'duplicate-header',
    ],
    [
      'two Authorization lines',
      { authorization: ['Bearer a', 'Bearer a'] },
      'malformed-handshake',
      'duplicate-header',
    ],
    ['version 8', { 'sec-websocket-version': '8' }, 'upgrade-required', 'websocket-version'],
    ['a short key', { 'sec-websocket-key': 'AAAA' }, 'malformed-handshake', 'websocket-key'],
    ['POST', { 'x-forwarded-method': 'POST' }, 'malformed-handshake', 'not-a-get'],
    [
      'only unknown subprotocols',
      { 'sec-websocket-protocol': 'chat' },
      'unknown-subprotocol',
      'unknown-subprotocol',
    ],
    [
      'two addresses',
      { 'x-forwarded-for': '1.2.3.4, 5.6.7.8' },
      'malformed-handshake',
      'client-address',
    ],
    [
      'the cookie twice',
      { cookie: `${cookie('A'.repeat(43))}; ${cookie('B'.repeat(43))}` },
      'conflicting-credentials',
      'cookie-twice',
    ],
    [
      'two tokens offered',
      { 'sec-websocket-protocol': 'sallyport.v1, bearer.a, bearer.b' },
      'conflicting-credentials',
      'several-tokens-offered',
    ],
    [
      'two tokens that differ',
      { 'sec-websocket-protocol': offer('a.b.c'), authorization: 'Bearer d.e.f' },
      'conflicting-credentials',
      'two-tokens',
    ],
  ])('R0.4 refuses %s', async (_name, changes, code, reason) => {
    const fixture = await createDomainFixture()
    expect(await outcomeOf(changes, fixture)).toMatchObject({ code, reason })
  })

  it('R3.1 names the accepted ways when nothing was presented', async () => {
    const fixture = await createDomainFixture()
    const denial = await outcomeOf({}, fixture)
    expect(denial).toMatchObject({ accepts: fixture.route.ways })
    expect(denial).toMatchObject({
      detail: expect.stringContaining('Use Authorization header or Sec-WebSocket-Protocol'),
    })
  })

  it('R3.1 names no way that the route does not take', async () => {
    const fixture = await createDomainFixture({ ways: ['session-cookie', 'authorization'] })
    const detail = 'Authentication required: Use Authorization header'
    expect(await fixture.decide()).toMatchObject({ code: 'authentication-required', detail })
  })

  it('AUT-2 does not fall back to a valid cookie when the token is invalid', async () => {
    const fixture = await createDomainFixture()
    const { secret } = await fixture.login()
    const both = { cookie: cookie(secret), authorization: 'Bearer a.b.c' }
    expect(await outcomeOf(both, fixture)).toMatchObject({ code: 'invalid-credential' })
  })

  it('R1.7 refuses a token and a cookie of different users, and of different sessions of one user', async () => {
    const fixture = await createDomainFixture()
    const alice = await fixture.login('alice')
    const again = await fixture.login('alice')
    const bob = await fixture.login('bob')
    for (const other of [again, bob]) {
      const both = { cookie: cookie(other.secret), authorization: `Bearer ${alice.token}` }
      expect(await outcomeOf(both, fixture)).toMatchObject({ code: 'conflicting-credentials' })
    }
  })

  it('SES-1 refuses cookie and token of a session that was ended, though the token was remembered', async () => {
    const fixture = await createDomainFixture()
    const { token, secret, session } = await fixture.login()
    const bearer = { authorization: `Bearer ${token}` }
    expect(await outcomeOf(bearer, fixture)).toHaveProperty('identity')
    await fixture.logout(session)
    expect(await outcomeOf(bearer, fixture)).toMatchObject({ reason: 'revoked' })
    expect(await outcomeOf({ cookie: cookie(secret) }, fixture)).toMatchObject({
      code: 'invalid-credential',
    })
  })

  it('SES-1 leaves the other sessions of the subject alone', async () => {
    const fixture = await createDomainFixture()
    const [first, second] = [await fixture.login(), await fixture.login()]
    await fixture.logout(first.session)
    const grant = await outcomeOf({ authorization: `Bearer ${second.token}` }, fixture)
    expect(grant).toHaveProperty('identity')
  })

  it('SES-3 refuses a token after its ten minutes and a session after its day', async () => {
    const fixture = await createDomainFixture()
    const { token, secret } = await fixture.login()
    fixture.advanceMs(600_001)
    expect(await outcomeOf({ authorization: `Bearer ${token}` }, fixture)).toMatchObject({
      code: 'invalid-credential',
    })
    expect(await outcomeOf({ cookie: cookie(secret) }, fixture)).toHaveProperty('identity')
    fixture.advanceMs(86_400_000)
    expect(await outcomeOf({ cookie: cookie(secret) }, fixture)).toMatchObject({
      code: 'invalid-credential',
    })
  })

  it('R4.1 refuses the eleventh attempt of an address with Retry-After and lets it in after the window', async () => {
    const fixture = await createDomainFixture(10)
    for (let attempt = 0; attempt < 10; attempt += 1) {
      expect(await outcomeOf({}, fixture)).toMatchObject({ code: 'authentication-required' })
    }
    expect(await outcomeOf({}, fixture)).toMatchObject({
      code: 'rate-limited',
      retryAfterSeconds: 60,
    })
    expect(await outcomeOf({ 'x-forwarded-for': '127.0.0.8' }, fixture)).toMatchObject({
      code: 'authentication-required',
    })
    fixture.advanceMs(60_000)
    expect(await outcomeOf({}, fixture)).toMatchObject({ code: 'authentication-required' })
  })

  it('R4.1 counts what a foreign page attempts apart from what its visitor attempts', async () => {
    const fixture = await createDomainFixture(10)
    const { secret } = await fixture.login()
    const foreign = { origin: 'https://evil.example', cookie: cookie(secret) }
    for (let attempt = 0; attempt < 10; attempt += 1) {
      expect(await outcomeOf(foreign, fixture)).toMatchObject({ code: 'origin-not-allowed' })
    }
    expect(await outcomeOf(foreign, fixture)).toMatchObject({ code: 'rate-limited' })
    expect(await outcomeOf({ cookie: cookie(secret) }, fixture)).toHaveProperty('identity')
  })

  it('R0.7 lets an outage of a store reach the edge instead of deciding anything', async () => {
    const fixture = await createDomainFixture()
    const broken = {
      ...fixture.deps,
      currentAuthority: {
        ...fixture.deps.currentAuthority,
        bySession: () => Promise.reject(new Error('store is down')),
      },
    }
    const lines = handshakeLines({ cookie: cookie('A'.repeat(43)) })
    await expect(decideHandshake(lines, fixture.route, broken)).rejects.toThrow('store is down')
  })

  it('HDR-1 takes no notice of identity headers a client sends', async () => {
    const fixture = await createDomainFixture()
    const spoofed = {
      'x-sallyport-identity': 'x.y.z',
      'x-auth-user': 'admin',
      'x-auth-request-user': 'admin',
      'remote-user': 'admin',
    }
    expect(await outcomeOf(spoofed, fixture)).toMatchObject({ code: 'authentication-required' })
  })
})
