import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, login, logout, publicUrl, request } from '../support/http.ts'
import { rawUpgrade } from '../support/raw-upgrade.ts'
import { type Stack, startStack } from '../support/stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack({
    SIDECAR_CREDENTIAL_WAYS: 'session-cookie,token-cookie,authorization,subprotocol',
  })
})
afterAll(() => stack?.stop())

const setCookieOf = ({ headers }: Answer, name: string) =>
  headers['set-cookie']?.find((cookie) => cookie.startsWith(`${name}=`)) ?? ''
const pairOf = (setCookie: string) => setCookie.split(';')[0] ?? ''

async function statusWith(headers: readonly (readonly [string, string])[]): Promise<number> {
  const { status, socket } = await rawUpgrade(stack, { headers })
  socket.destroy()
  return status
}

const renew = (cookie: string) =>
  request(publicUrl(stack, '/auth/session'), { headers: { cookie } })

describe('R4.5 a token in a cookie, where a route takes it', () => {
  it('R4.5 COO-1 is set at login, lives as long as a token, and opens a socket by itself', async () => {
    const { answer } = await login(stack)
    const setCookie = setCookieOf(answer, 'auth_token')
    expect(setCookie).toMatch(
      /^auth_token=[\w-]+\.[\w-]+\.[\w-]+; Max-Age=(?:600|59\d); Path=\/; HttpOnly; SameSite=Lax$/,
    )
    expect(await statusWith([['Cookie', pairOf(setCookie)]])).toBe(101)
  })

  it('R4.5 is set anew by GET /auth/session and POST /auth/refresh', async () => {
    const { answer, cookie } = await login(stack)
    const first = setCookieOf(answer, 'auth_token')
    const refreshed = await request(publicUrl(stack, '/auth/refresh'), {
      method: 'POST',
      headers: { cookie, origin: stack.endpoints.public },
    })
    for (const renewed of [await renew(cookie), refreshed]) {
      const setCookie = setCookieOf(renewed, 'auth_token')
      expect(setCookie).not.toBe(first)
      expect(await statusWith([['Cookie', pairOf(setCookie)]])).toBe(101)
    }
  })

  it('AUT-8 is no bearer, and a bearer is no cookie of that name', async () => {
    const { answer, token } = await login(stack)
    const [, value = ''] = pairOf(setCookieOf(answer, 'auth_token')).split('=')
    expect(await statusWith([['Authorization', `Bearer ${value}`]])).toBe(401)
    expect(await statusWith([['Cookie', `auth_token=${token}`]])).toBe(401)
  })

  it('SES-1 is void after the logout, which removes it, and logs out by itself', async () => {
    const alice = await login(stack)
    const pair = pairOf(setCookieOf(alice.answer, 'auth_token'))
    const out = await logout(stack, { cookie: pair })
    expect(out.status).toBe(204)
    expect(setCookieOf(out, 'auth_token')).toContain('Max-Age=0')
    expect(await statusWith([['Cookie', pair]])).toBe(401)
    expect((await renew(alice.cookie)).status).toBe(401)
  })

  it('TKT-1 leaves tickets out where they are off', async () => {
    const { cookie } = await login(stack)
    const answer = await request(publicUrl(stack, '/auth/ticket'), {
      method: 'POST',
      headers: { cookie, origin: stack.endpoints.public },
    })
    expect(answer.status).toBe(403)
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'not-allowed' })
  })
})

describe('R2.7 a dead session', () => {
  it('R2.7 is answered with 401, and no answer removes a cookie that may be a newer one by then', async () => {
    const alice = await login(stack)
    await logout(stack, alice)
    const answer = await renew(alice.cookie)
    expect(answer.status).toBe(401)
    expect(answer.headers).not.toHaveProperty('set-cookie')
  })
})
