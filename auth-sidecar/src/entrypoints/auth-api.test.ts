import { afterAll, describe, expect, it } from 'vitest'
import { createApiFixture, origin, otherOrigin, routeOf } from '../login/testing/api-fixture.ts'
import { createFixedPolicy } from '../policy/policy-source.ts'
import { createAuthApi } from './auth-api.ts'
import { type Headers, serveApi } from './testing/serve-api.ts'

const fixture = await createApiFixture({ routes: [routeOf(), routeOf({ name: 'b', path: '/b' })] })
const { ask, close } = await serveApi(
  createAuthApi({ ...fixture.deps, bypass: (_name, from) => from.isFromLoopback }),
)
afterAll(close)

const json = { 'content-type': 'application/json' }
const credentials = JSON.stringify({ username: 'alice', password: 'right' })
const endpoints = ['/auth/login', '/auth/logout', '/auth/refresh', '/auth/ticket']

describe('who may ask', () => {
  it.each(endpoints)('ORG-7 W81 W82 refuses a form of another site at %s', async (path) => {
    const headers = { origin: 'https://evil.example', 'content-type': 'text/plain' }
    const { cookieHeader: cookie } = await fixture.signIn()
    const answer = await ask(path, { headers: { ...headers, cookie }, body: credentials })
    expect(answer.status).toBe(403)
    expect(answer.headers).not.toHaveProperty('set-cookie')
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
  })

  it.each(endpoints)('ORG-7 does nothing for GET at %s', async (path) => {
    const { cookieHeader: cookie } = await fixture.signIn()
    const answer = await ask(path, { method: 'GET', headers: { origin, cookie } })
    expect([answer.status, answer.headers.allow]).toEqual([405, 'POST'])
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'method-not-allowed' })
    expect(answer.headers).not.toHaveProperty('set-cookie')
  })

  it.each(endpoints)('ORG-7 refuses a body at %s that is not declared as JSON', async (path) => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', undefined]) {
      const headers: Headers = { origin, ...(type && { 'content-type': type }) }
      const answer = await ask(path, { headers, body: credentials })
      expect([answer.status, JSON.parse(answer.body)]).toMatchObject([
        400,
        { code: 'malformed-request' },
      ])
    }
  })

  it.each<[string, Headers]>([
    ['two origins', { origin: [origin, origin] }],
    ['two tokens', { origin, authorization: ['Bearer a', 'Bearer b'] }],
    ['two content types', { origin, 'content-type': ['application/json', 'text/plain'] }],
  ])('W14 refuses %s', async (_name, headers) => {
    const answer = await ask('/auth/login', { headers: { ...json, ...headers }, body: credentials })
    expect([400, 403]).toContain(answer.status)
  })

  it('ORG-7 lets a listed page of another site sign in, and labels the answer for it', async () => {
    const headers = { ...json, origin: otherOrigin, 'sec-fetch-site': 'cross-site' }
    const answer = await ask('/auth/login', { headers, body: credentials })
    expect(answer.status).toBe(200)
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': otherOrigin,
      'access-control-allow-credentials': 'true',
      vary: expect.stringContaining('Origin') as string,
      'cache-control': 'no-store',
    })
  })
})

describe('a blocked address', () => {
  it('R4.9 is refused at every endpoint, and nothing of it is counted or looked at', async () => {
    const never = () => Promise.reject(new Error('was asked'))
    const addresses = { unlimited: [], blocked: ['203.0.113.0/24'] }
    const { policy } = fixture.deps.policy.current()
    const blocking = await serveApi(
      createAuthApi({
        ...fixture.deps,
        policy: createFixedPolicy({ ...policy, addresses }),
        attemptsByAddress: { count: never, giveBack: never },
        ticketsByAddress: { count: never },
        refreshesByAddress: { count: never },
        currentAuthority: {
          ...fixture.deps.currentAuthority,
          session: never,
          bySession: never,
          byToken: never,
        },
      }),
    )
    const { cookieHeader: cookie } = await fixture.signIn()
    const asked = [
      ...endpoints.map((path) => ['POST', path] as const),
      ['GET', '/auth/session'],
      ['GET', '/auth/sessions'],
      ['DELETE', '/auth/sessions/x'],
    ] as const
    for (const [method, path] of asked) {
      const answer = await blocking.ask(path, {
        method,
        headers: { ...json, origin, cookie },
        ...(path === '/auth/login' && { body: credentials }),
        ...(path === '/auth/refresh' && { body: '{"refreshToken":"x"}' }),
      })
      expect([answer.status, JSON.parse(answer.body)], path).toMatchObject([
        403,
        { code: 'not-allowed' },
      ])
    }
    await blocking.close()
  })
})

describe('CORS', () => {
  const preflight = (from: string, path = '/auth/login') =>
    ask(path, {
      method: 'OPTIONS',
      headers: { origin: from, 'access-control-request-method': 'POST' },
    })

  it('ORG-5 answers the preflight of a listed origin', async () => {
    const answer = await preflight(otherOrigin)
    expect(answer.status).toBe(204)
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': otherOrigin,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'GET, POST, DELETE',
    })
  })

  it('ORG-5 labels a refusal too, so that the page can read why', async () => {
    const answer = await ask('/auth/refresh', { headers: { origin: otherOrigin } })
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([
      401,
      otherOrigin,
    ])
  })

  it.each([
    'https://evil.example',
    'null',
    '*',
  ])('ORG-5 refuses the preflight of %s', async (from) => {
    const answer = await preflight(from)
    expect(answer.status).toBe(403)
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
    expect(answer.headers['vary']).toContain('Origin')
  })

  it('ORG-5 answers no other OPTIONS', async () => {
    expect((await ask('/auth/login', { method: 'OPTIONS', headers: { origin } })).status).toBe(405)
  })
})

describe('what is asked', () => {
  it('TKT-1 answers a ticket nobody may keep', async () => {
    const { cookieHeader: cookie } = await fixture.signIn()
    const answer = await ask('/auth/ticket', { headers: { origin, cookie } })
    const body = JSON.parse(answer.body) as { ticket: string; protocol: string }
    expect(answer.status).toBe(200)
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(body.protocol).toBe(`ticket.${body.ticket}`)
    const other = { ...json, origin, cookie }
    const forB = await ask('/auth/ticket', { headers: other, body: '{"route":"b"}' })
    expect(forB.status).toBe(200)
  })

  it.each([
    '{"username": "alice", ',
    '"alice"',
    'null',
    `{"a":"${'x'.repeat(9000)}"}`,
  ])('ERR-2 calls a body malformed that is no JSON object, or too long', async (body) => {
    const answer = await ask('/auth/login', { headers: { ...json, origin }, body })
    expect(answer.status).toBe(400)
    expect(answer.body).not.toContain('alice')
  })

  it('ERR-2 takes nothing compressed: how long it really is would show too late', async () => {
    const headers = { ...json, origin, 'content-encoding': 'gzip' }
    expect((await ask('/auth/login', { headers, body: credentials })).status).toBe(400)
  })

  it('R3.6 hears from the bypass where every hop is this machine’s, and only there', async () => {
    const statusFrom = async (xForwardedFor: string) => {
      const headers = { ...json, origin, 'x-forwarded-for': xForwardedFor }
      const body = JSON.stringify({ username: 'alice', password: 'wrong' })
      return (await ask('/auth/login', { headers, body })).status
    }
    expect(await statusFrom('127.0.0.1')).toBe(200)
    expect(await statusFrom('203.0.113.9')).toBe(401)
    expect(await statusFrom('203.0.113.9, 127.0.0.1')).toBe(401)
    expect(await statusFrom('127.0.0.1, 203.0.113.9')).toBe(401)
  })

  it('R3.6 hears nothing from the bypass where a tunnel passes everybody on from this machine', async () => {
    const statusFor = async (hosts: Headers) => {
      const headers = { ...json, origin, 'x-forwarded-for': '127.0.0.1', ...hosts }
      const body = JSON.stringify({ username: 'alice', password: 'wrong' })
      return (await ask('/auth/login', { headers, body })).status
    }
    expect(await statusFor({ host: 'localhost:8080', 'x-forwarded-host': '[::1]:8080' })).toBe(200)
    expect(await statusFor({ host: 'abc.ngrok.app' })).toBe(401)
    expect(await statusFor({ host: '127.0.0.1', 'x-forwarded-host': 'abc.ngrok.app' })).toBe(401)
    expect(await statusFor({ host: 'abc.ngrok.app', 'x-forwarded-host': 'localhost' })).toBe(401)
  })

  it('HDR-7 refuses what tells no client address', async () => {
    const headers = { ...json, origin, 'x-forwarded-for': '' }
    expect((await ask('/auth/login', { headers, body: credentials })).status).toBe(400)
  })

  it.each([
    '/ws',
    '/b',
  ])('R2.6 refuses what stands at the socket path %s and is no upgrade', async (path) => {
    expect((await ask(path, { method: 'GET' })).status).toBe(426)
    const post = await ask(path)
    expect([post.status, post.headers.allow]).toEqual([405, 'GET'])
  })

  it.each([
    '/ws/probe',
    '/b/probe',
  ])('R2.6 says what is missing from a probe at %s', async (path) => {
    const get = await ask(path, { method: 'GET', headers: { 'x-sallyport-probe': '1' } })
    expect([get.status, get.headers.allow]).toEqual([405, 'POST'])
    for (const headers of [{}, { 'x-sallyport-probe': '2' }]) {
      const post = await ask(path, { headers })
      expect([post.status, JSON.parse(post.body)]).toMatchObject([
        400,
        { code: 'malformed-request', detail: 'Send the header X-Sallyport-Probe: 1' },
      ])
    }
  })

  it('ORG-7 names the methods of what is read only', async () => {
    for (const path of ['/auth/session', '/auth/sessions', '/auth/.well-known/jwks.json']) {
      const answer = await ask(path, { headers: { origin } })
      expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD'])
    }
  })

  it('TKT-3 says that there is no route of that name to have a ticket for', async () => {
    const { cookieHeader: cookie } = await fixture.signIn()
    const headers = { ...json, origin, cookie }
    const answer = await ask('/auth/ticket', { headers, body: '{"route":"nowhere"}' })
    expect([answer.status, JSON.parse(answer.body)]).toMatchObject([
      404,
      { detail: 'There is no such websocket route' },
    ])
  })

  it.each([
    '/auth/login/',
    '/auth/LOGIN',
    '/auth/ticket/x',
    '/c',
  ])('is nothing at %s', async (path) => {
    const headers = { ...json, origin }
    expect((await ask(path, { headers, body: credentials })).status).toBe(404)
  })

  it('ERR-1 fails closed with 503 when a store is out', async () => {
    const broken = await serveApi(
      createAuthApi({
        ...fixture.deps,
        currentAuthority: {
          ...fixture.deps.currentAuthority,
          bySession: () => Promise.reject(new Error('out')),
        },
      }),
    )
    const headers = { origin, cookie: `sessionId=${'A'.repeat(43)}` }
    const answer = await broken.ask('/auth/ticket', { headers })
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '2'])
    await broken.close()
  })
})
