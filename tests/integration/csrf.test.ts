import { describe, expect, inject, it } from 'vitest'
import { type Answer, login, publicUrl, request } from '../support/http.ts'
import { rawUpgrade } from '../support/raw-upgrade.ts'
import { readStack } from '../support/stack.ts'

const stack = readStack(inject('stateFolder'))
const { public: ours, publicAlternates } = stack.endpoints
const { host, port } = new URL(ours)
const endpoints = ['/auth/login', '/auth/logout', '/auth/refresh', '/auth/ticket'] as const

/** Security.md 4.1: what an attacker may put into Origin, made of our own. */
const beforeAnotherHost = [
  '%00',
  '`',
  '_',
  '-',
  ',',
  ';',
  '!',
  "'",
  '(',
  '{',
  '*',
  '&',
  '+',
  '=',
  '~',
  '$',
]
const hostile: readonly string[] = [
  'null',
  '',
  ours.toUpperCase(),
  ours.replace('localhost', 'LocalHost'),
  ours.replace(`:${port}`, ''),
  ours.replace(`:${port}`, ':80'),
  ours.replace(`:${port}`, ':8443'),
  ours.replace(`:${port}`, `:0${port}`),
  ours.replace('http:', 'https:'),
  ours.replace('http:', 'ws:'),
  ours.replace('http:', 'wss:'),
  ours.replace('localhost', 'localhost.'),
  `${ours}/`,
  `${ours}/path`,
  `${ours}?query`,
  `${ours}#fragment`,
  `${ours}.evil.example`,
  ours.replace('localhost', 'localhost.evil.example'),
  ours.replace('localhost', 'evillocalhost'),
  ours.replace('localhost', 'sub.localhost'),
  ours.replace('localhost', 'localhos'),
  ours.replace('localhost', 'localXost'),
  `http://evil.example/${host}`,
  `http://${host}@evil.example`,
  ours.replace('localhost', 'user:pw@localhost'),
  ...beforeAnotherHost.map((label) => ours.replace('localhost', `localhost${label}.evil.example`)),
  `http://xn--lclhost-2wa:${port}`,
  ours.replace('localhost', 'lоcalhost'), // a Cyrillic о
  ours.replace('localhost', 'local%68ost'),
  ours.replace('localhost', 'ｌocalhost'),
  ours.replace('localhost', 'localhost。'),
  `http://127.1:${port}`,
  `http://2130706433:${port}`,
  `http://0x7f000001:${port}`,
  `http://[::1%25lo]:${port}`,
  `http://[::ffff:127.0.0.1]:${port}`,
  `http://[0:0:0:0:0:0:0:1]:${port}`,
  `chrome-extension://${host}`,
  `moz-extension://${host}`,
  'file://',
  `data:text/html,${host}`,
  `blob:${ours}/id`,
  `${ours}, ${ours}`,
  `${ours} ${ours}`,
  `${ours},http://evil.example`,
  `http:${host}`,
  `http:\\\\${host}`,
  `//${host}`,
  host,
  `${ours}${'x'.repeat(8000)}`,
]

/** As the bytes of UTF-8, which is what a header may carry beyond ASCII. */
const asBytes = (text: string) => Buffer.from(text, 'utf8').toString('latin1')

const bodyOf = (path: string) =>
  path === '/auth/login' ? JSON.stringify(stack.credentials.users[0]) : undefined

function post(path: string, headers: Record<string, string | readonly string[]>): Promise<Answer> {
  const body = bodyOf(path)
  const json = body === undefined ? {} : { 'content-type': 'application/json' }
  return request(publicUrl(stack, path), {
    method: 'POST',
    headers: { ...json, ...headers },
    ...(body !== undefined && { body }),
  })
}

function expectRefused(answer: Answer, statuses: readonly number[] = [403]): void {
  expect(statuses).toContain(answer.status)
  expect(answer.headers).not.toHaveProperty('set-cookie')
  expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
}

const readSession = (cookie: string) =>
  request(publicUrl(stack, '/auth/session'), { headers: { cookie } })

describe.each(endpoints)('ORG-1 W81 W82 POST %s', (path) => {
  it('ORG-7 is for listed origins, whatever site the browser calls them', async () => {
    for (const origin of [ours, ...publicAlternates]) {
      for (const site of ['same-origin', 'same-site', 'cross-site']) {
        const { cookie } = await login(stack)
        const answer = await post(path, { origin, cookie, 'sec-fetch-site': site })
        expect([200, 204]).toContain(answer.status)
        expect(answer.headers['access-control-allow-origin']).toBe(origin)
        expect(answer.headers['vary']).toContain('Origin')
      }
    }
  })

  it('ORG-1 ORG-2 is for no other origin of the table, and none of them ends or makes a session', async () => {
    const { cookie } = await login(stack)
    for (const origin of hostile) {
      const answer = await post(path, { origin: asBytes(origin), cookie })
      // 400: what no header may carry, or what Traefik takes for an attack itself.
      expectRefused(answer, [403, 400])
      expect(answer.body).not.toContain('token')
    }
    expect((await readSession(cookie)).status).toBe(200)
  })

  it('W14 is not fooled by a second Origin, nor by an older name of it', async () => {
    const { cookie } = await login(stack)
    const pairs = [
      [ours, ours],
      [ours, 'http://evil.example'],
      ['http://evil.example', ours],
    ]
    for (const origin of pairs) expectRefused(await post(path, { origin, cookie }), [400, 403])
    expectRefused(await post(path, { 'sec-websocket-origin': ours, cookie }))
    expectRefused(await post(path, { 'x-origin': ours, referer: `${ours}/`, cookie }))
    expect((await readSession(cookie)).status).toBe(200)
  })

  it('ORG-3 ORG-7 without an Origin is for what the browser says is ours, and never for a cookie from nowhere', async () => {
    const { cookie } = await login(stack)
    expectRefused(await post(path, { cookie }))
    for (const site of ['same-site', 'cross-site', 'SAME-ORIGIN', 'same-origin, none']) {
      expectRefused(await post(path, { cookie, 'sec-fetch-site': site }))
    }
    expectRefused(await post(path, { 'sec-fetch-site': 'cross-site' }))
  })

  it('ORG-7 takes no form: not from another site, not from ours', async () => {
    const { cookie } = await login(stack)
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const form = { cookie, 'content-type': type }
      const body = bodyOf(path) ?? '{}'
      const send = (origin: string) =>
        request(publicUrl(stack, path), { method: 'POST', headers: { ...form, origin }, body })
      expectRefused(await send('http://evil.example'))
      expect((await send(ours)).status).toBe(400)
    }
    expect((await readSession(cookie)).status).toBe(200)
  })

  it('ORG-7 does nothing by any other method', async () => {
    const { cookie } = await login(stack)
    for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const headers = { origin: ours, cookie, 'x-http-method-override': 'POST' }
      const answer = await request(publicUrl(stack, path), { method, headers })
      expect([404, 405]).toContain(answer.status)
      expect(answer.headers).not.toHaveProperty('set-cookie')
    }
    expect((await readSession(cookie)).status).toBe(200)
  })

  it('ORG-5 answers preflights of listed origins exactly, and refuses the others', async () => {
    const preflight = (origin: string) =>
      request(publicUrl(stack, path), {
        method: 'OPTIONS',
        headers: {
          origin: asBytes(origin),
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'content-type',
        },
      })
    for (const origin of [ours, ...publicAlternates]) {
      const { status, headers } = await preflight(origin)
      expect(status).toBe(204)
      expect(headers).toMatchObject({
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        'access-control-allow-methods': 'GET, POST, DELETE',
        'access-control-allow-headers': 'Authorization, Content-Type',
        'access-control-max-age': '600',
      })
      expect(headers['vary']).toContain('Origin')
    }
    for (const origin of ['null', 'http://evil.example', `${ours}.evil.example`, `${ours}/`]) {
      expectRefused(await preflight(origin))
    }
  })
})

describe('ORG-1 an Origin that no client library would send', () => {
  const usual = ['Connection', 'Upgrade', 'Sec-WebSocket-Version', 'Sec-WebSocket-Key', 'Origin']
  const raw = async (origin: string) => {
    const { cookie } = await login(stack)
    const { status, headers } = await rawUpgrade(stack, {
      method: 'POST',
      target: '/auth/refresh',
      without: usual,
      headers: [
        ['Content-Length', '0'],
        ['Cookie', cookie],
        ['Origin', origin],
      ],
    })
    return { status, cors: headers['access-control-allow-origin'] }
  }

  it.each([
    ['NUL', `${ours}\0.evil.example`],
    ['a bare CR', `${ours}\r.evil.example`],
    ['a form feed', `\f${ours}`],
    ['a no-break space', asBytes(`\u00a0${ours}`)],
  ])('ORG-1 refuses %s', async (_name, origin) => {
    const { status, cors } = await raw(origin)
    expect([400, 403]).toContain(status)
    expect(cors).toBeUndefined()
  })

  it('ORG-1 takes blanks around it for none, as HTTP does (RFC 9110 5.5)', async () => {
    expect(await raw(` ${ours}\t`)).toEqual({ status: 200, cors: ours })
  })
})

describe('ORG-7 reading the session', () => {
  it('ORG-7 is for our pages and listed ones of this site, by GET', async () => {
    const { cookie } = await login(stack)
    const read = (headers: Record<string, string>) =>
      request(publicUrl(stack, '/auth/session'), { headers: { cookie, ...headers } })
    const [alternate = ours] = publicAlternates
    expect((await read({ 'sec-fetch-site': 'same-origin' })).status).toBe(200)
    expect((await read({ origin: alternate, 'sec-fetch-site': 'same-site' })).status).toBe(200)
    expect((await read({ origin: alternate, 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expectRefused(await read({ 'sec-fetch-site': 'same-site' }))
    expectRefused(await read({ 'sec-fetch-site': 'cross-site' }))
    for (const origin of hostile) expectRefused(await read({ origin: asBytes(origin) }), [400, 403])
  })
})
