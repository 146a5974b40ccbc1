import type { Route } from '@sallyport/contracts/policy'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  createDomainFixture,
  handshakeLines,
  origin,
  websocketRoute,
} from '../testing/domain-fixture.ts'
import { decideRequest } from './decide-request.ts'

type Changes = Parameters<typeof handshakeLines>[0]

const httpRoute = (changes: Partial<Route> = {}): Route =>
  websocketRoute({
    name: 'app',
    kind: 'http',
    path: '/app',
    backend: 'app',
    ways: ['session-cookie', 'token-cookie', 'authorization'],
    redirectToLogin: true,
    identityHeaders: ['Remote-User', 'X-Auth-Request-User', 'X-Auth-Request-Groups'],
    ...changes,
  })

async function createFixture(changes: Partial<Route> = {}, policy = {}) {
  const fixture = await createDomainFixture(httpRoute(changes), policy)
  const ask = async (headers: Changes) => {
    const lines = handshakeLines({
      'sec-websocket-key': undefined,
      'sec-websocket-version': undefined,
      origin: undefined,
      'x-forwarded-uri': '/app/page?x=1',
      'sec-fetch-site': 'same-origin',
      ...headers,
    })
    const { outcome } = await decideRequest(lines, fixture.route, fixture.deps)
    return outcome.ok ? outcome.value : outcome.error
  }
  const login = (username?: string, groups?: readonly string[]) => fixture.login(username, groups)
  return { ...fixture, ask, login }
}

const navigation = {
  'sec-fetch-site': 'none',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
}

describe('decide request: what goes on', () => {
  it('RX.13 lets a session in by cookie, with the headers its application expects and only its own cookies', async () => {
    const { ask, login } = await createFixture()
    const { secret } = await login('alice', ['staff', 'a,b'])
    expect(await ask({ cookie: `theme=dark; sessionId=${secret}` })).toEqual({
      headers: {
        'remote-user': 'alice',
        'x-auth-request-user': 'alice',
        'x-auth-request-groups': 'staff,a%2Cb',
        cookie: 'theme=dark',
      },
    })
  })

  it('R0.9 RX.13 lets a token in, in Authorization and in its cookie, and hands neither on', async () => {
    const { ask, login } = await createFixture()
    const { token, cookieToken } = await login()
    const expected = { headers: { 'remote-user': 'alice', 'x-auth-request-user': 'alice' } }
    expect(await ask({ authorization: `Bearer ${token}` })).toEqual(expected)
    expect(await ask({ cookie: `auth_token=${cookieToken}` })).toEqual(expected)
  })

  it('RX.13 takes the path itself and everything below it', async () => {
    const { ask, login } = await createFixture()
    const { token } = await login()
    for (const uri of ['/app', '/app/', '/app?x', '/app/a/b;v=1?y=..%2f', '/app/a..b/.c']) {
      const answer = await ask({ authorization: `Bearer ${token}`, 'x-forwarded-uri': uri })
      expect(answer, uri).toHaveProperty('headers')
    }
  })
})

describe('decide request: what is refused', () => {
  it.each([
    '/apple',
    '/',
    '/ap',
    '/APP',
    '/app/../ws',
    '/app/..',
    '/app/%2e%2e/x',
    '/app/.%2E/x',
    '/app/./x',
    '/app/..;/x',
    '/app/..;a=b/x',
    '/app/..%3Bx/y',
    '/app/..%20/x',
    '/app%2fx',
    '/app/%5c..',
    '/app\\x',
    '/app/%00',
    '/app/ä',
    'app',
    '',
  ])('HDR-3 the path %j', async (uri) => {
    const { ask, login } = await createFixture()
    const { token } = await login()
    const answer = await ask({ authorization: `Bearer ${token}`, 'x-forwarded-uri': uri })
    expect(answer).toMatchObject({ code: 'malformed-request', reason: 'path' })
  })

  it('HDR-3 a path that an application could read as that of a deeper route, which has its own rules', async () => {
    const deeper = httpRoute({ name: 'admin', path: '/app/admin' })
    const { ask, login } = await createFixture({}, { routes: [httpRoute(), deeper] })
    const { token } = await login()
    const authorization = `Bearer ${token}`
    for (const path of ['/app/ADMIN', '/app/Admin/?a', '/app/admin;x/y', '/app//admin']) {
      const answer = await ask({ authorization, ...navigation, 'x-forwarded-uri': path })
      expect(answer, path).toMatchObject({ code: 'not-found', reason: 'path-of-another-route' })
    }
    const beside = await ask({ authorization, 'x-forwarded-uri': '/app/x?/app/ADMIN' })
    expect(beside).toHaveProperty('headers')
  })

  it.each(['TRACE', 'CONNECT', 'get', 'PROPFIND', ''])('HDR-9 the method %j', async (method) => {
    const { ask, login } = await createFixture()
    const { token } = await login()
    const answer = await ask({ authorization: `Bearer ${token}`, 'x-forwarded-method': method })
    expect(answer).toMatchObject({ code: 'method-not-allowed' })
  })

  it('HDR-3 the host of another route, and a host that two parsers read differently', async () => {
    const { ask } = await createFixture({ hosts: ['app.example.com'] })
    for (const host of ['evil.example', 'app.example.com.', 'app.example.com:80:80', '']) {
      expect(await ask({ 'x-forwarded-host': host })).toMatchObject({ code: 'malformed-request' })
    }
    expect(await ask({ 'x-forwarded-host': 'APP.example.com:8080' })).toMatchObject({
      code: 'authentication-required',
    })
  })

  it('W14 headers that stand twice', async () => {
    const { ask } = await createFixture()
    for (const name of ['origin', 'authorization', 'x-forwarded-uri', 'x-forwarded-host']) {
      expect(await ask({ [name]: ['/app', '/app'] })).toMatchObject({ reason: 'duplicate-header' })
    }
  })

  it('R4.9 a blocked address, before anything else is read', async () => {
    const blocked = { addresses: { unlimited: [], blocked: ['127.0.0.0/8'] } }
    const { ask, login } = await createFixture({}, blocked)
    const { secret } = await login()
    expect(await ask({ cookie: `sessionId=${secret}` })).toMatchObject({
      reason: 'address-blocked',
    })
  })

  it('ORG-6 a change that another site makes with its visitor’s cookie', async () => {
    const { ask, login } = await createFixture()
    const { secret } = await login()
    const post = { cookie: `sessionId=${secret}`, 'x-forwarded-method': 'POST' }
    const foreign = { ...post, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    expect(await ask(foreign)).toMatchObject({ code: 'origin-not-allowed' })
    expect(await ask({ ...post, origin })).toHaveProperty('headers')
  })

  it('RX.13 whoever is not in the group, with 403 and not with the login page', async () => {
    const { ask, login } = await createFixture({
      who: { groups: ['staff'], scopes: [], claims: {} },
    })
    const [alice, bob] = [await login('alice', ['staff']), await login('bob')]
    expect(await ask({ cookie: `sessionId=${alice.secret}`, ...navigation })).toHaveProperty(
      'headers',
    )
    expect(await ask({ cookie: `sessionId=${bob.secret}`, ...navigation })).toMatchObject({
      code: 'not-allowed',
      reason: 'policy-groups',
    })
  })

  it('SES-1 a session that was ended', async () => {
    const { ask, login, logout } = await createFixture()
    const { secret, session, token } = await login()
    await logout(session)
    expect(await ask({ cookie: `sessionId=${secret}` })).toMatchObject({
      code: 'invalid-credential',
    })
    expect(await ask({ authorization: `Bearer ${token}` })).toMatchObject({
      code: 'invalid-credential',
    })
  })

  it('R0.7 nothing when a store is down: that reaches the edge', async () => {
    const { deps, route } = await createFixture()
    const bySession = () => Promise.reject(new Error('store is down'))
    const broken = { ...deps, currentAuthority: { ...deps.currentAuthority, bySession } }
    const lines = handshakeLines({
      cookie: `sessionId=${'A'.repeat(43)}`,
      'x-forwarded-uri': '/app',
    })
    await expect(decideRequest(lines, route, broken)).rejects.toThrow('store is down')
  })
})

describe('decide request: the way to the login page', () => {
  it('RX.13 is shown to a page navigation without a credential, and leads back', async () => {
    const { ask } = await createFixture()
    const expected = { redirectTo: '/?return=%2Fapp%2Fpage%3Fx%3D1' }
    expect(await ask(navigation)).toEqual(expected)
    expect(await ask({ ...navigation, cookie: `sessionId=${'A'.repeat(43)}` })).toEqual(expected)
    expect(await ask({ 'sec-fetch-site': undefined, accept: 'text/html,*/*' })).toEqual(expected)
  })

  it.each<[string, Changes]>([
    ['a script', { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', accept: 'text/html' }],
    ['a frame', { ...navigation, 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': 'iframe' }],
    ['a form', { ...navigation, 'x-forwarded-method': 'POST', origin }],
    ['a client without a browser', { 'sec-fetch-site': undefined, accept: '*/*' }],
  ])('RX.13 is not shown to %s', async (_name, headers) => {
    const { ask } = await createFixture()
    expect(await ask(headers)).toMatchObject({ code: 'authentication-required' })
  })

  it('RX.13 is not shown where the route does not say so', async () => {
    const { ask } = await createFixture({ redirectToLogin: false })
    expect(await ask(navigation)).toMatchObject({ code: 'authentication-required' })
  })
})

it('RX.13 never lets noise in', async () => {
  const { ask } = await createFixture()
  const noise = fc.string()
  await fc.assert(
    fc.asyncProperty(noise, noise, noise, async (cookie, token, uri) => {
      const answer = await ask({
        cookie,
        authorization: `Bearer ${token}`,
        'x-forwarded-uri': `/app/${uri}`,
      })
      expect(answer).not.toHaveProperty('headers')
    }),
  )
})
