import { describe, expect, inject, it } from 'vitest'
import { login, metric, publicUrl, request } from '../support/http.ts'
import { rawUpgrade } from '../support/raw-upgrade.ts'
import { openSocket } from '../support/socket.ts'
import { freshAddress } from '../support/source-address.ts'
import { readStack } from '../support/stack.ts'
import { claimsOf, forge, resign } from '../support/tokens.ts'
import { until } from '../support/until.ts'

const stack = { ...readStack(inject('stateFolder')), output: () => '', stop: async () => {} }
const accepted = () =>
  metric(stack.endpoints.services['ws-backend'].management, 'sallyport_sockets_accepted_total')

describe('RC.1 a handshake through Traefik that is allowed', () => {
  it('R0.3 opens by the session cookie right after login, with welcome as the first message', async () => {
    const alice = await login(stack)
    const socket = await openSocket(stack, { cookie: alice.cookie })
    const welcome = await socket.message('welcome')
    expect(socket.messages[0]).toBe(welcome)
    expect(welcome.data).toMatchObject({ userId: 'alice', sessionId: alice.sessionId })
    expect(welcome.data.ttlMs).toBeGreaterThan(86_000_000)
    socket.close()
  })

  it('R0.9 R3.1 opens by a token in Authorization and in Sec-WebSocket-Protocol', async () => {
    const { token } = await login(stack)
    for (const options of [{ authorization: `Bearer ${token}` }, { token }]) {
      const socket = await openSocket(stack, options)
      const { data } = await socket.message('welcome')
      expect(data.ttlMs).toBeLessThanOrEqual(600_000)
      socket.close()
    }
  })

  it('SUB-1 selects sallyport.v1 and never echoes the token', async () => {
    const { token } = await login(stack)
    const answer = await rawUpgrade(stack, {
      headers: [['Sec-WebSocket-Protocol', `bearer.${token}, sallyport.v1`]],
    })
    expect(answer.status).toBe(101)
    expect(answer.headers['sec-websocket-protocol']).toBe('sallyport.v1')
    expect(JSON.stringify(answer.headers)).not.toContain(token)
    answer.socket.destroy()
  })

  it('TRN-8 offers no compression', async () => {
    const { cookie } = await login(stack)
    const answer = await rawUpgrade(stack, {
      headers: [
        ['Cookie', cookie],
        ['Sec-WebSocket-Extensions', 'permessage-deflate'],
      ],
    })
    expect(answer.status).toBe(101)
    expect(answer.headers).not.toHaveProperty('sec-websocket-extensions')
    answer.socket.destroy()
  })
})

describe('RC.1 a handshake that is refused never reaches the backend', () => {
  it('R0.4 R0.6 R3.1 answers each credential and origin with its status, and the backend accepts nothing', async () => {
    const alice = await login(stack)
    const bob = await login(stack, 'bob')
    const bearer = (token: string) => [['Authorization', `Bearer ${token}`]] as const
    const nowSeconds = Math.floor(Date.now() / 1000)
    const [head, body] = alice.token.split('.')
    const evil = ['Origin', 'https://evil.example'] as const
    const cases = [
      ['no credential', 401, [], []],
      ['an unknown session', 401, [['Cookie', `sessionId=${'A'.repeat(43)}`]], []],
      ['a wrong signature', 401, bearer(forge(alice.token)), []],
      ['no signature', 401, bearer(`${head}.${body}.`), []],
      ['an expired token', 401, bearer(resign(stack, alice.token, { exp: nowSeconds - 60 })), []],
      ['another audience', 401, bearer(resign(stack, alice.token, { aud: 'other' })), []],
      [
        'an earlier life of the store',
        401,
        bearer(resign(stack, alice.token, { gen: 'old.0.0' })),
        [],
      ],
      ['an evil origin', 403, [evil, ['Cookie', alice.cookie]], ['Origin']],
      ['an evil origin with a token', 403, [evil, ...bearer(alice.token)], ['Origin']],
      ['a cookie without an origin', 403, [['Cookie', alice.cookie]], ['Origin']],
      [
        'a token and a cookie of two users',
        400,
        [['Cookie', bob.cookie], ...bearer(alice.token)],
        [],
      ],
      ['an unknown subprotocol', 400, [['Sec-WebSocket-Protocol', 'chat']], []],
      [
        'two origins',
        400,
        [
          ['Origin', stack.endpoints.public],
          ['Cookie', alice.cookie],
        ],
        [],
      ],
    ] as const
    const before = await accepted()
    for (const [name, status, headers, without] of cases) {
      const answer = await rawUpgrade(stack, { headers: [...headers], without: [...without] })
      expect([name, answer.status]).toEqual([name, status])
      expect(answer.headers['content-type']).toBe('application/problem+json')
    }
    expect(await accepted()).toBe(before)
  })

  it('R3.1 tells who presented nothing which ways there are', async () => {
    const { body, headers } = await rawUpgrade(stack)
    expect(JSON.parse(body)).toMatchObject({
      status: 401,
      code: 'authentication-required',
      accepts: ['session-cookie', 'authorization', 'subprotocol', 'ticket'],
    })
    expect(headers['www-authenticate']).toBe('Bearer')
  })

  it('SEC-1 R2.6 puts the security headers on refusals of the sidecar and of the flood wall', async () => {
    const from = freshAddress()
    const volley = await Promise.all(Array.from({ length: 30 }, () => rawUpgrade(stack, { from })))
    const statuses = new Set(volley.map(({ status }) => status))
    expect([...statuses].sort()).toEqual([401, 429])
    for (const { headers } of volley) {
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
      })
    }
  })

  it('R4.1 refuses the eleventh attempt of an address within a minute, with Retry-After', async () => {
    const from = freshAddress()
    const statuses: number[] = []
    const { body, headers } = await until('the sidecar to refuse', async () => {
      const answer = await rawUpgrade(stack, { from })
      const isFloodWall = answer.status === 429 && !answer.body.startsWith('{')
      if (!isFloodWall) statuses.push(answer.status)
      return answer.status === 429 && !isFloodWall && answer
    })
    expect(statuses).toEqual([...Array<number>(10).fill(401), 429])
    expect(JSON.parse(body)).toMatchObject({ code: 'rate-limited' })
    expect(Number(headers['retry-after'])).toBeGreaterThan(50)
    expect((await rawUpgrade(stack)).status).toBe(401)
  })

  it('HDR-7 does not let an address choose another by X-Forwarded-For', async () => {
    const from = freshAddress()
    let refused = 0
    await until('the limit to hold', async () => {
      const answer = await rawUpgrade(stack, {
        from,
        headers: [
          ['X-Forwarded-For', freshAddress()],
          ['X-Real-Ip', freshAddress()],
        ],
      })
      if (answer.status === 429 && answer.body.startsWith('{')) refused += 1
      return refused > 0
    })
    expect(refused).toBe(1)
  })
})

describe('what stands at /ws and is no upgrade', () => {
  it.each([
    ['a plain GET', {}, 426],
    ['POST', { method: 'POST' }, 405],
    ['DELETE', { method: 'DELETE' }, 405],
  ])('TRN-4 answers %s with its status as problem+json', async (_name, options, status) => {
    const answer = await request(publicUrl(stack, '/ws'), options)
    expect(answer.status).toBe(status)
    expect(answer.headers['content-type']).toBe('application/problem+json')
    if (status === 426) expect(answer.headers['sec-websocket-version']).toBe('13')
  })

  it.each([
    ['version 8', ['Sec-WebSocket-Version', '8'], ['Sec-WebSocket-Version'], 426],
    ['h2c', ['Upgrade', 'h2c'], ['Upgrade'], 426],
    ['another protocol', ['Upgrade', 'foo'], ['Upgrade'], 426],
    ['no Connection', undefined, ['Connection'], 426],
  ] as const)('TRN-3 W33 W35 never upgrades with %s', async (_name, line, without, status) => {
    const { cookie } = await login(stack)
    const before = await accepted()
    const answer = await rawUpgrade(stack, {
      headers: [['Cookie', cookie], ...(line ? [line] : [])],
      without: [...without],
    })
    expect(answer.status).toBe(status)
    expect(await accepted()).toBe(before)
  })

  it.each([
    '/ws/',
    '/WS',
    '/ws;x',
    '/ws%2f',
    '/%2fws',
    '/wsx',
  ])('HDR-3 never opens a socket at %s', async (target) => {
    const { cookie } = await login(stack)
    const before = await accepted()
    const answer = await rawUpgrade(stack, { target, headers: [['Cookie', cookie]] })
    expect(answer.status).not.toBe(101)
    expect(await accepted()).toBe(before)
  })

  it('W17 refuses a handshake with hundreds of header lines like any other, counted and logged', async () => {
    const many = Array.from({ length: 400 }, (_, index) => [`X-H-${index}`, '1'] as const)
    const answer = await rawUpgrade(stack, { headers: many })
    expect(answer.status).toBe(401)
  })

  it('LIM-1 does not let an upgrade at /ws/health reach the backend', async () => {
    const refused = () =>
      metric(stack.endpoints.services['ws-backend'].management, 'sallyport_upgrades_refused_total')
    const before = await refused()
    const answer = await rawUpgrade(stack, { target: '/ws/health' })
    expect(answer.status).not.toBe(101)
    expect(await refused()).toBe(before)
  })

  it('SEC-3 shows the page of the errors middleware to nobody who asks for it', async () => {
    expect((await request(publicUrl(stack, '/unavailable'))).status).toBe(404)
  })

  it('R3.9 answers GET /ws/health without a credential and says nothing internal', async () => {
    const answer = await request(publicUrl(stack, '/ws/health'))
    expect(answer.status).toBe(200)
    expect(JSON.parse(answer.body)).toEqual({ status: 'ok' })
  })
})

describe('the HTTP API', () => {
  it('R1.1 R0.1 answers a login with user, token, expiry and public session id, and sets the cookie', async () => {
    const { answer, cookie, token, sessionId, ...rest } = await login(stack)
    expect(rest).toMatchObject({ user: { id: 'alice', username: 'alice' } })
    expect(rest.expiresInMs).toBeGreaterThan(590_000)
    expect(Date.parse(rest.expiresAt)).toBeGreaterThan(Date.now())
    expect(claimsOf(token)).toMatchObject({ sub: 'alice', sid: sessionId })
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(answer.headers['set-cookie']?.[0]).toMatch(
      /^sessionId=[\w-]{43}; Max-Age=86400; Path=\/; HttpOnly; SameSite=Lax$/,
    )
    expect(answer.body).not.toContain(cookie.slice('sessionId='.length))
  })

  it('R0.3 gives the same session a fresh token, and nobody else', async () => {
    const alice = await login(stack)
    const url = publicUrl(stack, '/auth/session')
    const again = await request(url, { headers: { cookie: alice.cookie } })
    expect(JSON.parse(again.body)).toMatchObject({ sessionId: alice.sessionId })
    expect((await request(url)).status).toBe(401)
    const foreign = { cookie: alice.cookie, 'sec-fetch-site': 'cross-site' }
    expect((await request(url, { headers: foreign })).status).toBe(403)
  })

  it('R1.1 refuses a wrong password and an unknown user alike', async () => {
    const attempt = (username: string) =>
      request(publicUrl(stack, '/auth/login'), {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: stack.endpoints.public },
        body: JSON.stringify({ username, password: 'wrong' }),
      })
    const outside = async (username: string) => {
      const { status, body } = await attempt(username)
      return { status, ...(JSON.parse(body) as object), requestId: '' }
    }
    expect(await outside('alice')).toEqual(await outside('nobody'))
    expect(await outside('alice')).toMatchObject({ status: 401 })
  })

  it('ORG-7 refuses a login from a foreign page', async () => {
    const answer = await request(publicUrl(stack, '/auth/login'), {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'https://evil.example' },
      body: JSON.stringify(stack.credentials.users[0]),
    })
    expect(answer.status).toBe(403)
    expect(answer.headers).not.toHaveProperty('set-cookie')
  })

  it('R0.9 serves the public keys, and no private part', async () => {
    const { body } = await request(publicUrl(stack, '/auth/.well-known/jwks.json'))
    const { keys } = JSON.parse(body) as { keys: object[] }
    expect(keys).toHaveLength(1)
    expect(keys[0]).not.toHaveProperty('d')
  })
})
