// The table of PROTOCOL.md "Credentials on a handshake", row by row, and what a ticket's end is.

import { authenticationDetails } from '@sallyport/contracts/denials'
import type { CredentialWay } from '@sallyport/contracts/identity'
import { describe, expect, it } from 'vitest'
import { createDomainFixture } from '../testing/domain-fixture.ts'

type Fixture = Awaited<ReturnType<typeof createDomainFixture>>
type Lines = Parameters<Fixture['decide']>[0]

/** Alice twice, and Bob; everything they could present. */
async function createCast() {
  const fixture = await createDomainFixture()
  const [alice, again, bob] = [
    await fixture.login('alice'),
    await fixture.login('alice'),
    await fixture.login('bob'),
  ]
  return { ...fixture, alice, again, bob, aliceTicket: await fixture.ticketOf(alice.session) }
}
type Cast = Awaited<ReturnType<typeof createCast>>

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const offer = (...entries: string[]) => ({
  'sec-websocket-protocol': ['sallyport.v1', ...entries].join(', '),
})
const cookies = (session?: string, token?: string) => ({
  cookie: [session && `sessionId=${session}`, token && `auth_token=${token}`]
    .filter(Boolean)
    .join('; '),
})
const stale = 'A'.repeat(43)
const conflicting = { code: 'conflicting-credentials' }
const invalid = { code: 'invalid-credential', detail: authenticationDetails.invalid }
const way = (name: CredentialWay) => ({ identity: { subject: 'alice', way: name } })

describe('who decides', () => {
  it.each<[string, (cast: Cast) => Lines, object]>([
    [
      'two tokens that differ',
      ({ alice, again }) => ({ ...bearer(alice.token), ...offer(`bearer.${again.token}`) }),
      conflicting,
    ],
    [
      'the same token twice',
      ({ alice }) => ({ ...bearer(alice.token), ...offer(`bearer.${alice.token}`) }),
      way('authorization'),
    ],
    [
      'two tokens in the list of protocols',
      ({ alice, again }) => offer(`bearer.${alice.token}`, `bearer.${again.token}`),
      conflicting,
    ],
    [
      'a ticket and a token of one session',
      ({ alice, aliceTicket }) => ({ ...bearer(alice.token), ...offer(`ticket.${aliceTicket}`) }),
      conflicting,
    ],
    [
      'a ticket beside Basic credentials',
      ({ aliceTicket }) => ({ authorization: 'Basic YTpi', ...offer(`ticket.${aliceTicket}`) }),
      conflicting,
    ],
    [
      'two tickets',
      ({ aliceTicket }) => offer(`ticket.${aliceTicket}`, `ticket.${stale}`),
      conflicting,
    ],
    ['a session cookie twice', () => ({ cookie: `sessionId=${stale}; sessionId=x` }), conflicting],
    ['a token cookie twice', () => ({ cookie: 'auth_token=a; auth_token=a' }), conflicting],
    [
      'an invalid token and a valid cookie',
      ({ alice }) => ({ ...bearer('a.b.c'), ...cookies(alice.secret) }),
      invalid,
    ],
    [
      'an unknown ticket and valid cookies',
      ({ alice }) => ({ ...offer(`ticket.${stale}`), ...cookies(alice.secret, alice.cookieToken) }),
      invalid,
    ],
    ['an ill-formed ticket', () => offer('ticket.short'), invalid],
    [
      'a valid token and invalid cookies',
      ({ alice }) => ({ ...bearer(alice.token), ...cookies(stale, 'x.y.z') }),
      way('authorization'),
    ],
    [
      'a valid ticket and an invalid cookie',
      ({ aliceTicket }) => ({ ...offer(`ticket.${aliceTicket}`), ...cookies(stale) }),
      way('ticket'),
    ],
    [
      'a valid token and a cookie of another session',
      ({ alice, again }) => ({ ...bearer(alice.token), ...cookies(again.secret) }),
      conflicting,
    ],
    [
      'a valid token and a token cookie of another subject',
      ({ alice, bob }) => ({
        ...bearer(alice.token),
        ...cookies(alice.secret, bob.cookieToken),
      }),
      conflicting,
    ],
    [
      'a valid ticket and a cookie of another session',
      ({ again, aliceTicket }) => ({ ...offer(`ticket.${aliceTicket}`), ...cookies(again.secret) }),
      conflicting,
    ],
    [
      'a valid ticket and the cookies of its session',
      ({ alice, aliceTicket }) => ({
        ...offer(`ticket.${aliceTicket}`),
        ...cookies(alice.secret, alice.cookieToken),
      }),
      way('ticket'),
    ],
    [
      'both cookies of one session',
      ({ alice }) => cookies(alice.secret, alice.cookieToken),
      way('session-cookie'),
    ],
    [
      'both cookies, of two sessions',
      ({ alice, again }) => cookies(alice.secret, again.cookieToken),
      conflicting,
    ],
    [
      'both cookies, of two subjects',
      ({ alice, bob }) => cookies(alice.secret, bob.cookieToken),
      conflicting,
    ],
    [
      'a stale session cookie and a valid token cookie',
      ({ alice }) => cookies(stale, alice.cookieToken),
      way('token-cookie'),
    ],
    [
      'a valid session cookie and a stale token cookie',
      ({ alice }) => cookies(alice.secret, 'x.y.z'),
      way('session-cookie'),
    ],
    [
      'the token cookie alone',
      ({ alice }) => cookies(undefined, alice.cookieToken),
      way('token-cookie'),
    ],
    [
      'two stale cookies',
      () => cookies(stale, 'x.y.z'),
      { code: 'invalid-credential', detail: authenticationDetails.invalidSession },
    ],
    ['nothing', () => ({}), { code: 'authentication-required' }],
  ])('AUT-2 R1.7 %s', async (_name, lines, expected) => {
    const cast = await createCast()
    expect(await cast.decide(lines(cast))).toMatchObject(expected)
  })

  it('AUT-8 refuses the cookie’s token as a bearer, and a bearer’s token in the cookie', async () => {
    const { decide, alice } = await createCast()
    expect(await decide(bearer(alice.cookieToken))).toMatchObject(invalid)
    expect(await decide(offer(`bearer.${alice.cookieToken}`))).toMatchObject(invalid)
    expect(await decide(cookies(undefined, alice.token))).toMatchObject({
      code: 'invalid-credential',
    })
  })

  it('R1.7 keeps what was presented on purpose, and ends it with a cookie of the same session', async () => {
    const cast = await createCast()
    cast.advanceMs(300_000)
    const { token } = { token: cast.alice.token }
    const both = { ...bearer(token), ...cookies(cast.alice.secret) }
    expect(await cast.decide(both)).toMatchObject({ ttlMs: 300_000 })
    const ticket = await cast.ticketOf(cast.alice.session)
    const withCookies = {
      ...offer(`ticket.${ticket}`),
      ...cookies(undefined, cast.alice.cookieToken),
    }
    const granted = await cast.decide(withCookies)
    expect(granted).toMatchObject({ identity: { way: 'ticket' } })
    expect(granted).toHaveProperty('ttlMs', 300_000)
  })

  it('SES-8 lets a session decide, and names the token that came beside it', async () => {
    const cast = await createCast()
    const { alice, decide, authorities, issuer } = cast
    const both = cookies(alice.secret, alice.cookieToken)
    const alone = await decide(cookies(undefined, alice.cookieToken))
    const token =
      'identity' in alone && 'token' in alone.identity ? alone.identity.token : undefined
    expect(token).toMatchObject({ keyId: 'k1' })
    expect(await decide(both)).toMatchObject({
      identity: { way: 'session-cookie', token },
      ttlMs: 86_400_000,
    })
    await authorities.apply({ type: 'revoke-token', issuer, tokenId: token?.id ?? '' })
    const after = await decide(both)
    expect(after).toMatchObject({ identity: { way: 'session-cookie' }, ignored: 'revoked' })
    expect(after).not.toHaveProperty('identity.token')
    expect(await decide(cookies(undefined, alice.cookieToken))).toMatchObject({
      code: 'invalid-credential',
    })
  })

  it('SES-8 names the token that was presented on purpose, and none beside a ticket', async () => {
    const cast = await createCast()
    const { alice, decide } = cast
    const granted = await decide({
      ...bearer(alice.token),
      ...cookies(alice.secret, alice.cookieToken),
    })
    const payload = Buffer.from(alice.token.split('.')[1] ?? '', 'base64url')
    const { jti } = JSON.parse(payload.toString())
    expect(granted).toMatchObject({ identity: { token: { id: jti } } })
    const ticket = await cast.ticketOf(alice.session)
    const byTicket = { ...offer(`ticket.${ticket}`), ...cookies(undefined, alice.cookieToken) }
    const identity = await decide(byTicket)
    expect(identity).toMatchObject({ identity: { way: 'ticket' } })
    expect(identity).not.toHaveProperty('identity.token')
  })

  it('R1.7 tells the log of a cookie that was ignored', async () => {
    const { decide, alice } = await createCast()
    const lines = { ...bearer(alice.token), ...cookies(stale) }
    expect(await decide(lines)).toMatchObject({ ignored: 'session-unknown' })
  })
})

describe('ways that are off', () => {
  it.each<[CredentialWay, (cast: Cast) => Lines]>([
    ['authorization', ({ alice }) => bearer(alice.token)],
    ['subprotocol', ({ alice }) => offer(`bearer.${alice.token}`)],
    ['ticket', ({ aliceTicket }) => offer(`ticket.${aliceTicket}`)],
  ])('AUT-1 refuses %s where it is off and says what is on', async (off, lines) => {
    const cast = await createCast()
    const ways = cast.route.ways.filter((each) => each !== off)
    expect(await cast.decide(lines(cast), { ways })).toMatchObject({
      code: 'invalid-credential',
      reason: 'way-off',
      accepts: ways,
    })
    expect(await cast.decide(lines(cast), { ways: [off] })).toHaveProperty(
      off === 'ticket' ? 'reason' : 'identity',
    )
  })

  it('AUT-1 does not look at a cookie whose way is off: browsers attach it unasked', async () => {
    const { decide, alice, bob } = await createCast()
    const ways = ['authorization'] as const
    const nothing = { code: 'authentication-required', accepts: ways }
    expect(await decide(cookies(alice.secret, alice.cookieToken), { ways })).toMatchObject(nothing)
    const twice = { cookie: 'sessionId=a; sessionId=b', ...bearer(alice.token) }
    expect(await decide(twice, { ways })).toHaveProperty('identity')
    const foreign = { ...bearer(alice.token), ...cookies(bob.secret, bob.cookieToken) }
    expect(await decide(foreign, { ways })).toHaveProperty('identity')
  })

  it.each<[string, readonly CredentialWay[], string | undefined]>([
    ['cookies only', ['session-cookie'], authenticationDetails.noSessionCookie],
    ['the token cookie only', ['token-cookie', 'ticket'], authenticationDetails.noSessionCookie],
    ['tokens too', ['session-cookie', 'subprotocol'], authenticationDetails.required],
    ['tickets only', ['ticket'], undefined],
  ])('R3.1 says what to send to a route that takes %s', async (_name, ways, detail) => {
    const { decide } = await createCast()
    const denial = await decide({}, { ways })
    expect(denial).toMatchObject({ code: 'authentication-required', accepts: ways })
    expect('detail' in denial ? denial.detail : undefined).toBe(detail)
  })

  it('AUT-7 takes only tokens of the route’s audience where it names one', async () => {
    const { decide, alice } = await createCast()
    const audience = 'another-api'
    expect(await decide(bearer(alice.token), { audience })).toMatchObject({
      reason: 'token-audience',
    })
    expect(await decide(cookies(alice.secret), { audience })).toHaveProperty('identity')
  })
})
