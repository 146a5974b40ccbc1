import type { LoginAnswer } from '@sallyport/contracts/login-answer'
import { afterAll, describe, expect, it } from 'vitest'
import { createApiFixture, origin, otherOrigin } from '../login/testing/api-fixture.ts'
import { createAuthApi } from './auth-api.ts'
import { type Headers, serveApi } from './testing/serve-api.ts'

const fixture = await createApiFixture()
const { ask, close } = await serveApi(createAuthApi(fixture.deps))
afterAll(close)

const json = { 'content-type': 'application/json' }

async function signIn(headers: Headers = {}) {
  const body = JSON.stringify({ username: 'alice', password: 'right', refreshToken: true })
  const answer = await ask('/auth/login', { headers: { ...json, ...headers }, body })
  return { ...answer, login: JSON.parse(answer.body) as Required<LoginAnswer> }
}
const use = (refreshToken: string, headers: Headers = {}) =>
  ask('/auth/refresh', { headers: { ...json, ...headers }, body: JSON.stringify({ refreshToken }) })

describe('refresh tokens over HTTP', () => {
  it('RX.3 a client that is no browser needs neither an origin nor a cookie', async () => {
    const signedIn = await signIn()
    expect([signedIn.status, signedIn.headers['cache-control']]).toEqual([200, 'no-store'])
    expect(signedIn.headers).not.toHaveProperty('set-cookie')
    const renewed = await use(signedIn.login.refreshToken)
    expect([renewed.status, renewed.headers['cache-control']]).toEqual([200, 'no-store'])
    expect(renewed.headers).not.toHaveProperty('set-cookie')
    const { sessionId, refreshExpiresAt } = signedIn.login
    expect(JSON.parse(renewed.body)).toMatchObject({ sessionId, refreshExpiresAt })
  })

  it('RX.3 one that comes a second time is a 401 like any other, and its session is over', async () => {
    const { login } = await signIn()
    await use(login.refreshToken)
    const reused = await use(login.refreshToken)
    const unknown = await use(`spr_${'A'.repeat(64)}`)
    const shown = ({ status, body }: typeof reused) => {
      const problem = JSON.parse(body) as object
      return { status, problem: { ...problem, requestId: '' } }
    }
    expect(shown(reused)).toEqual(shown(unknown))
    expect(reused.status).toBe(401)
    expect(fixture.ended()).toContain(login.sessionId)
  })

  it('ORG-7 W81 RX.3 are for listed origins only, where there is an origin', async () => {
    const { login } = await signIn({ origin })
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
    ]) {
      expect((await use(login.refreshToken, headers)).status).toBe(403)
      expect((await signIn(headers)).status).toBe(403)
    }
    const renewed = await use(login.refreshToken, { origin: otherOrigin })
    expect([renewed.status, renewed.headers['access-control-allow-origin']]).toEqual([
      200,
      otherOrigin,
    ])
  })

  it('AUT-2 RX.3 beside a cookie or a token nobody says which is meant', async () => {
    const { cookieHeader: cookie, authorization } = await fixture.signIn()
    const { login } = await signIn()
    for (const more of [{ cookie, origin }, { authorization }]) {
      const refused = await use(login.refreshToken, more)
      expect([refused.status, JSON.parse(refused.body)]).toMatchObject([
        400,
        { code: 'conflicting-credentials' },
      ])
    }
    expect((await use(login.refreshToken)).status).toBe(200)
  })

  it('RX.3 are taken from the body of a POST, and from nowhere else', async () => {
    const { login } = await signIn()
    const { refreshToken } = login
    const body = JSON.stringify({ refreshToken })
    const headers = { ...json, 'content-length': `${body.length}` }
    const got = await ask('/auth/session', { method: 'GET', headers, body })
    expect(got.status).toBe(401)
    expect((await ask(`/auth/refresh?refreshToken=${refreshToken}`)).status).toBe(401)
    const bearer = { authorization: `Bearer ${refreshToken}` }
    expect((await ask('/auth/sessions', { method: 'GET', headers: bearer })).status).toBe(401)
    expect((await use(refreshToken)).status).toBe(200)
  })

  it('R1.5 ends with a logout by the token of its session', async () => {
    const { login } = await signIn()
    const out = await ask('/auth/logout', { headers: { authorization: `Bearer ${login.token}` } })
    expect(out.status).toBe(204)
    expect((await use(login.refreshToken)).status).toBe(401)
  })
})
