import { describe, expect, it } from 'vitest'
import type { ApiRequest } from '../login/api-request.ts'
import {
  createApiFixture,
  origin,
  otherOrigin,
  requestOf,
  routeOf,
} from '../login/testing/api-fixture.ts'
import { hashSecret } from '../sessions/session-secret.ts'
import { issueTicket } from './issue-ticket.ts'

type Fixture = Awaited<ReturnType<typeof createApiFixture>>

async function ask(fixture: Fixture, changes: Partial<ApiRequest> = {}) {
  const { outcome } = await issueTicket(requestOf(changes), fixture.deps)
  return outcome.ok ? { answer: outcome.value, code: 'allowed' } : { code: outcome.error.code }
}

async function redeem({ deps }: Fixture, ticket = '') {
  return deps.tickets.redeem(hashSecret(ticket))
}

describe('a ticket', () => {
  it('TKT-1 TKT-3 is made for the session of a cookie, bound to origin, route and that session', async () => {
    const fixture = await createApiFixture()
    const { cookieHeader, session } = await fixture.signIn()
    const { answer } = await ask(fixture, { cookieHeader })
    expect(answer).toEqual({
      ticket: expect.stringMatching(/^[\w-]{43}$/),
      expiresInMs: 30_000,
      protocol: `ticket.${answer?.ticket}`,
    })
    const { sessionId, generation, expiresAtMs, groups } = session
    expect(await redeem(fixture, answer?.ticket)).toMatchObject({
      origin,
      route: 'websocket',
      authority: { subject: 'alice', sessionId, generation, expiresAtMs, groups },
    })
  })

  it('TKT-1 is made for the session of a bearer, and lives no longer than that', async () => {
    const fixture = await createApiFixture()
    const { authorization, session } = await fixture.signIn()
    fixture.advanceMs(590_000)
    const { answer } = await ask(fixture, { authorization })
    expect(answer?.expiresInMs).toBe(10_000)
    const record = await redeem(fixture, answer?.ticket)
    expect(record?.authority.sessionId).toBe(session.sessionId)
    expect(record?.expiresAtMs).toBe(record?.authority.expiresAtMs)
  })

  it('TKT-6 ends with the earlier of cookie and bearer of one session', async () => {
    const fixture = await createApiFixture()
    const { cookieHeader, authorization } = await fixture.signIn()
    const { answer } = await ask(fixture, { cookieHeader, authorization })
    const record = await redeem(fixture, answer?.ticket)
    expect(record?.authority.expiresAtMs).toBe(fixture.deps.now() + 600_000)
  })

  it('TKT-4 carries the generation its session had: an ended one’s is an older one', async () => {
    const fixture = await createApiFixture()
    const { cookieHeader, session } = await fixture.signIn()
    const { answer } = await ask(fixture, { cookieHeader })
    await fixture.signOut(session)
    const record = await redeem(fixture, answer?.ticket)
    if (!record) return expect.fail('there is no ticket')
    const current = await fixture.deps.authorities.current(record.authority)
    expect(record.authority.generation).not.toEqual(current)
  })
})

describe('no ticket', () => {
  it('TKT-1 AUT-2 for nothing, for what is not valid, for two that differ', async () => {
    const fixture = await createApiFixture()
    const [alice, bob] = [await fixture.signIn('alice'), await fixture.signIn('bob')]
    const ended = await fixture.signIn('alice')
    const elsewhere = await fixture.signIn('alice')
    await fixture.signOut(ended.session)
    const { cookieHeader } = alice
    const codes = async (changes: Partial<ApiRequest>) => (await ask(fixture, changes)).code
    expect(await codes({})).toBe('authentication-required')
    expect(await codes({ cookieHeader: `sessionId=${'A'.repeat(43)}` })).toBe('invalid-credential')
    expect(await codes({ cookieHeader: ended.cookieHeader })).toBe('invalid-credential')
    expect(await codes({ authorization: ended.authorization })).toBe('invalid-credential')
    expect(await codes({ cookieHeader, authorization: 'Bearer x' })).toBe('invalid-credential')
    expect(await codes({ cookieHeader, authorization: 'Basic x' })).toBe('invalid-credential')
    expect(await codes({ cookieHeader, authorization: bob.authorization })).toBe(
      'conflicting-credentials',
    )
    expect(await codes({ cookieHeader, authorization: elsewhere.authorization })).toBe(
      'conflicting-credentials',
    )
    expect(await codes({ cookieHeader: `${cookieHeader}; ${cookieHeader}` })).toBe(
      'conflicting-credentials',
    )
    expect(await codes({ ...ended, authorization: bob.authorization })).toBe('allowed')
    expect(fixture.deps.tickets.size()).toBe(1)
  })

  it('TKT-1 for a token made for the cookie', async () => {
    const fixture = await createApiFixture()
    const { session } = await fixture.signIn()
    const { compact } = await fixture.deps.tokenCookie.issue(session)
    expect((await ask(fixture, { authorization: `Bearer ${compact}` })).code).toBe(
      'invalid-credential',
    )
    expect((await ask(fixture, { cookieHeader: `auth_token=${compact}` })).code).toBe(
      'authentication-required',
    )
  })

  it('TKT-3 for a route that is unknown, no socket’s, or takes none', async () => {
    const routes = [
      routeOf({ ways: ['session-cookie'] }),
      routeOf({ name: 'pages', kind: 'http', path: '/pages' }),
      routeOf({ name: 'other', path: '/other' }),
    ]
    const fixture = await createApiFixture({ routes })
    const { cookieHeader } = await fixture.signIn()
    const codeFor = async (body: unknown) => (await ask(fixture, { cookieHeader, body })).code
    expect(await codeFor(undefined)).toBe('not-allowed')
    expect(await codeFor({ route: 'nowhere' })).toBe('not-found')
    expect(await codeFor({ route: 'pages' })).toBe('not-found')
    for (const odd of [[], 'x', { route: 7 }, { route: '' }, { path: 'other' }]) {
      expect(await codeFor(odd)).toBe('malformed-request')
    }
    expect(await codeFor({ route: 'other' })).toBe('allowed')
  })

  it('TKT-3 ORG-3 for a page that the route does not list, nor for a cookie without an origin', async () => {
    const fixture = await createApiFixture()
    const { cookieHeader, authorization } = await fixture.signIn()
    const codes = async (changes: Partial<ApiRequest>) => (await ask(fixture, changes)).code
    expect(await codes({ cookieHeader, origin: otherOrigin })).toBe('origin-not-allowed')
    expect(await codes({ cookieHeader, origin: undefined })).toBe('origin-not-allowed')
    expect(await codes({ authorization, origin: undefined })).toBe('origin-not-allowed')
    const native = await createApiFixture({ routes: [routeOf({ allowMissingOrigin: true })] })
    const bob = await native.signIn('bob')
    const nowhere = { origin: undefined, cookieHeader: undefined }
    const { answer } = await ask(native, { ...nowhere, authorization: bob.authorization })
    expect((await redeem(native, answer?.ticket))?.origin).toBeUndefined()
    expect((await ask(native, { origin: undefined, cookieHeader: bob.cookieHeader })).code).toBe(
      'origin-not-allowed',
    )
  })

  it('LIM-1 beyond the limit of a session or an address, and no token is looked at then', async () => {
    const fixture = await createApiFixture({ limit: 2 })
    const { cookieHeader } = await fixture.signIn()
    const at = (clientAddress: string, deps: object = {}) =>
      issueTicket(requestOf({ cookieHeader, clientAddress }), { ...fixture.deps, ...deps })
    const codes: string[] = []
    for (const address of ['a', 'b', 'c']) {
      const { outcome } = await at(address)
      codes.push(outcome.ok ? 'allowed' : outcome.error.code)
    }
    expect(codes).toEqual(['allowed', 'allowed', 'rate-limited'])
    const looked = { currentAuthority: { bySession: () => Promise.reject(new Error('looked')) } }
    await expect(at('c', looked)).rejects.toThrow('looked')
    expect(await at('c', looked)).toMatchObject({ outcome: { error: { code: 'rate-limited' } } })
  })
})
