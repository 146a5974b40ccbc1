import { afterAll, describe, expect, it } from 'vitest'
import { createApiFixture, origin, otherOrigin } from '../login/testing/api-fixture.ts'
import { createAuthApi } from './auth-api.ts'
import { type Headers, serveApi } from './testing/serve-api.ts'

const fixture = await createApiFixture()
const { ask, close } = await serveApi(createAuthApi(fixture.deps))
afterAll(close)

const end = (id: string, headers: Headers) =>
  ask(`/auth/sessions/${id}`, { method: 'DELETE', headers })
const list = (headers: Headers) => ask('/auth/sessions', { method: 'GET', headers })

async function twoSessions() {
  const [here, there] = [await fixture.signIn('alice'), await fixture.signIn('alice')]
  const cookie = here.cookieHeader
  return { here, there, cookie, authorization: here.authorization, id: there.session.sessionId }
}

describe('one’s own sessions over HTTP', () => {
  it('R1.2 SES-7 are a list that nobody may keep, and end one by one', async () => {
    const { here, cookie, id } = await twoSessions()
    const listed = await list({ origin, cookie })
    expect([listed.status, listed.headers['cache-control']]).toEqual([200, 'no-store'])
    expect(JSON.parse(listed.body)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ sessionId: here.session.sessionId, isCurrent: true }),
        expect.objectContaining({ sessionId: id, isCurrent: false }),
      ]),
    )
    const ended = await end(id, { origin, cookie })
    expect([ended.status, ended.body]).toEqual([204, ''])
    expect(ended.headers).not.toHaveProperty('set-cookie')
    const again = await end(id, { origin, cookie })
    expect([again.status, JSON.parse(again.body)]).toMatchObject([404, { code: 'not-found' }])
  })

  it('SES-7 takes the cookies of whoever ends the session that asks', async () => {
    const { here, cookie } = await twoSessions()
    const ended = await end(here.session.sessionId, { origin, cookie })
    expect(ended.status).toBe(204)
    expect(ended.headers['set-cookie']).toHaveLength(3)
  })

  it('SES-7 are open to a client that has a token and is no browser', async () => {
    const { authorization, id } = await twoSessions()
    expect((await list({ authorization })).status).toBe(200)
    expect((await end(id, { authorization })).status).toBe(204)
  })

  it.each<[string, Headers]>([
    ['another origin', { origin: 'https://evil.example' }],
    ['the origin null', { origin: 'null' }],
    ['a cookie from nowhere', {}],
    ['a form of another site', { 'sec-fetch-site': 'cross-site' }],
    ['a sibling host', { 'sec-fetch-site': 'same-site' }],
  ])('ORG-7 W82 do not end for %s', async (_name, headers) => {
    const { cookie, id } = await twoSessions()
    const refused = await end(id, { ...headers, cookie })
    expect([refused.status, JSON.parse(refused.body)]).toMatchObject([
      403,
      { code: 'origin-not-allowed' },
    ])
    expect(await fixture.deps.sessions.ofSubject('alice')).toEqual(
      expect.arrayContaining([expect.objectContaining({ sessionId: id })]),
    )
  })

  it('ORG-7 are read by no other site, listed or not', async () => {
    const { cookie } = await twoSessions()
    for (const from of ['https://evil.example', otherOrigin]) {
      const headers = { cookie, origin: from, 'sec-fetch-site': 'cross-site' }
      expect((await list(headers)).status).toBe(403)
    }
    expect((await list({ cookie, 'sec-fetch-site': 'same-site' })).status).toBe(403)
  })

  it('ORG-5 end for a listed page of another origin, after its preflight', async () => {
    const { cookie, id } = await twoSessions()
    const preflight = (from: string) =>
      ask(`/auth/sessions/${id}`, {
        method: 'OPTIONS',
        headers: { origin: from, 'access-control-request-method': 'DELETE' },
      })
    const told = await preflight(otherOrigin)
    expect(told.status).toBe(204)
    expect(told.headers['access-control-allow-methods']?.split(', ')).toContain('DELETE')
    expect((await preflight('https://evil.example')).status).toBe(403)
    const ended = await end(id, { origin: otherOrigin, 'sec-fetch-site': 'same-site', cookie })
    expect([ended.status, ended.headers['access-control-allow-origin']]).toEqual([204, otherOrigin])
  })

  it('ORG-7 name their methods, and are nothing below', async () => {
    const { cookie, id } = await twoSessions()
    const headers = { origin, cookie }
    const got = await ask(`/auth/sessions/${id}`, { method: 'GET', headers })
    expect([got.status, got.headers.allow]).toEqual([405, 'DELETE'])
    const all = await ask('/auth/sessions', { method: 'DELETE', headers })
    expect([all.status, all.headers.allow]).toEqual([405, 'GET, HEAD'])
    for (const path of ['', `${id}/`, `${id}/x`]) {
      expect((await end(path, headers)).status).toBe(404)
    }
    expect((await end('%zz', headers)).status).toBe(400)
    expect((await end(`%2e%2e%2f${id}`, headers)).status).toBe(404)
  })
})
