// What a refusal looks like from outside, one answer of every class: the same security headers, nothing about what
// runs here, nothing of what was sent, and one body for all causes of one class.

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type Gate, startGate, withOrigin } from '../../support/gate.ts'
import { type Answer, type Login, login, logout, publicUrl, request } from '../../support/http.ts'
import { type RawUpgrade, rawUpgrade } from '../../support/raw-upgrade.ts'
import { freePort } from '../../support/second-parts.ts'
import { freshAddress } from '../../support/source-address.ts'
import { readStack } from '../../support/stack.ts'
import { claimsOf, forge, resign } from '../../support/tokens.ts'
import { until } from '../../support/until.ts'

const stack = { ...readStack(inject('stateFolder')), output: () => '', stop: async () => {} }
type Seen = Pick<Answer, 'status' | 'body'> & {
  readonly headers: Readonly<Record<string, unknown>>
}
let gate: Gate
/** A gate whose sidecar is down. */
let orphan: Gate
let alice: Login
const classes = new Map<string, Seen>()

const canary = 'cAnArY-5150'

beforeAll(async () => {
  gate = await startGate(stack)
  orphan = await startGate(stack, { SALLYPORT_VERIFY_URL: `https://127.0.0.1:${await freePort()}` })
  alice = await login(stack)
  await collect()
})
afterAll(async () => {
  await gate?.close()
  await orphan?.close()
})

/** One answer of every class, each to a request that is full of canaries. */
async function collect(): Promise<void> {
  const marked: readonly (readonly [string, string])[] = [
    ['User-Agent', canary],
    ['Referer', `https://${canary}.example/`],
    ['X-Request-Id', canary],
    ['X-Forwarded-Host', `${canary}.example`],
  ]
  const target = `/ws?${canary}=${canary}`
  const upgrade = async (name: string, more: RawUpgrade, through: Gate = gate) => {
    const whole = { target, ...more, headers: [...marked, ...(more.headers ?? [])] }
    classes.set(name, await through.upgrade(whole))
  }
  const plain = async (name: string, path: string, options: Parameters<typeof request>[1] = {}) => {
    const headers = { ...Object.fromEntries(marked), ...options.headers }
    classes.set(name, await request(publicUrl(gate, path), { ...options, headers }))
  }
  await upgrade('400 malformed', { headers: [['Sec-WebSocket-Key', canary]] })
  await upgrade('400 unknown subprotocol', { headers: [['Sec-WebSocket-Protocol', canary]] })
  await upgrade('400 conflict', {
    headers: [['Sec-WebSocket-Protocol', `sallyport.v1, bearer.${canary}, bearer.b`]],
  })
  await upgrade('401 nothing presented', {})
  await upgrade('401 bad token', { headers: [['Authorization', `Bearer ${canary}.b.c`]] })
  await upgrade('401 unknown session', { headers: [['Cookie', `sessionId=${canary}`]] })
  await upgrade('403 origin', { headers: [['Origin', `https://${canary}.example`]] })
  await upgrade('405', { method: 'DELETE' })
  await upgrade('426', { without: ['Upgrade'] })
  await upgrade('503 sidecar down', {}, orphan)
  await plain('404 no page', `/${canary}?${canary}`, { headers: { accept: 'text/plain' } })
  await plain('404 no route', `/${canary}`, { method: 'POST' })
  await plain('404 in the API', `/auth/${canary}`, { headers: { origin: stack.endpoints.public } })
  await plain('401 in the API', '/auth/session', { headers: { origin: stack.endpoints.public } })
  await plain('403 in the API', '/auth/login', {
    method: 'POST',
    headers: { origin: `https://${canary}.example`, 'content-type': 'application/json' },
    body: '{}',
  })
  await plain('400 in the API', '/auth/login', {
    method: 'POST',
    headers: { origin: stack.endpoints.public, 'content-type': 'application/json' },
    body: `{"${canary}`,
  })
  await collectRateLimited()
}

/** Both walls: thirty at once meet the flood wall, the eleventh that passes it meets the sidecar's count. */
async function collectRateLimited(): Promise<void> {
  const from = freshAddress()
  const one = () => gate.upgrade({ from, target: `/ws?${canary}` })
  const volley = await Promise.all(Array.from({ length: 30 }, one))
  const wall = volley.find(({ status, by }) => status === 429 && by === 'traefik')
  if (wall) classes.set('429 flood wall', wall)
  const attempts = await until('the sidecar to refuse', async () => {
    const answer = await one()
    return answer.status === 429 && answer.by === 'service' && answer
  })
  classes.set('429 attempts', attempts)
}

const names = [
  '400 malformed',
  '400 unknown subprotocol',
  '400 conflict',
  '401 nothing presented',
  '401 bad token',
  '401 unknown session',
  '403 origin',
  '404 no page',
  '404 no route',
  '404 in the API',
  '405',
  '426',
  '429 flood wall',
  '429 attempts',
  '503 sidecar down',
  '400 in the API',
  '401 in the API',
  '403 in the API',
] as const

function seen(name: string): Seen {
  const answer = classes.get(name)
  if (!answer) throw new Error(`no answer of the class ${name} was collected`)
  return answer
}

describe('every class of refusal', () => {
  it.each(names)('SEC-1 %s carries the whole set of security headers', (name) => {
    const { status, headers } = seen(name)
    expect(status).toBe(Number(name.slice(0, 3)))
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'permissions-policy': expect.stringContaining('camera=()'),
    })
    const policy = String(headers['content-security-policy'])
    for (const part of ["object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"]) {
      expect(policy).toContain(part)
    }
  })

  it.each(names)('SEC-1 %s is kept by no cache', (name) => {
    const { headers } = seen(name)
    // Traefik's own words hold nothing of anybody; whatever one of our services says may.
    if (String(headers['content-type']).startsWith('application/problem+json')) {
      expect(headers['cache-control']).toBe('no-store')
    } else {
      expect(JSON.stringify(headers['cache-control'] ?? '')).not.toMatch(/public|max-age=[1-9]/)
    }
  })

  it.each(names)('SEC-2 ERR-2 %s says nothing about what runs here', (name) => {
    const { headers, body } = seen(name)
    for (const header of ['server', 'x-powered-by', 'via', 'x-forwarded-server', 'location']) {
      expect(headers).not.toHaveProperty(header)
    }
    const text = JSON.stringify([headers, body])
    expect(text).not.toMatch(/traefik|express|node\.?js|ws-backend|auth-sidecar|jose|jwt|redis/i)
    expect(text).not.toMatch(/\.[jt]s:\d+|node_modules|\bat \w+ \(|Error:|127\.0\.0\.1:\d+|stack/i)
  })

  it.each(names)('W53 %s repeats nothing that was sent', (name) => {
    const { headers, body } = seen(name)
    expect(JSON.stringify([headers, body]).toLowerCase()).not.toContain(canary.toLowerCase())
  })

  it.each(
    names.filter((name) => !['404 no route', '429 flood wall'].includes(name)),
  )('R3.1 %s is problem+json with its code', (name) => {
    const { headers, body, status } = seen(name)
    expect(headers['content-type']).toBe('application/problem+json')
    expect(JSON.parse(body)).toMatchObject({ status, code: expect.stringMatching(/^[a-z-]+$/) })
  })

  it('LIM-7 429 and 503 say when to come back', () => {
    for (const name of ['429 flood wall', '429 attempts', '503 sidecar down']) {
      expect(Number(seen(name).headers['retry-after'])).toBeGreaterThan(0)
    }
  })
})

describe('AUT-16 causes of one class', () => {
  const outside = ({ status, headers, body }: Seen) => {
    const { date: _date, 'content-length': _length, ...rest } = headers
    return JSON.stringify([status, rest, { ...JSON.parse(body), requestId: '' }])
  }

  it('AUT-16 O7 every invalid token is answered alike: forged, expired, foreign, revoked, of nobody', async () => {
    const revoked = await login(stack)
    await logout(stack, revoked)
    const nowSeconds = Math.floor(Date.now() / 1000)
    const { token } = alice
    const tokens = {
      forged: forge(token),
      expired: resign(stack, token, { exp: nowSeconds - 60 }),
      'another audience': resign(stack, token, { aud: 'other' }),
      'another issuer': resign(stack, token, { iss: 'https://other.example' }),
      'another epoch': resign(stack, token, { gen: 'old.0.0' }),
      revoked: revoked.token,
      'no token': 'garbage',
      'two parts': token.split('.').slice(0, 2).join('.'),
      'a claim too many': resign(stack, token, { exp: nowSeconds + 10 ** 9 }),
    }
    const answers = new Map<string, string[]>()
    for (const [name, each] of Object.entries(tokens)) {
      const answer = await gate.upgrade({ headers: [['Authorization', `Bearer ${each}`]] })
      const text = outside(answer)
      answers.set(text, [...(answers.get(text) ?? []), name])
    }
    expect([...answers.values()]).toEqual([Object.keys(tokens)])
  })

  it('AUT-16 O7 every invalid session cookie is answered alike: unknown, ended, ill-formed, empty', async () => {
    const ended = await login(stack)
    await logout(stack, ended)
    const values = [
      `sessionId=${'A'.repeat(43)}`,
      ended.cookie,
      'sessionId=x',
      'sessionId=',
      'sessionId=%00%0d%0a',
      `sessionId=${'A'.repeat(5000)}`,
      'sessionId="quoted"',
    ]
    const texts = new Set<string>()
    for (const value of values) {
      texts.add(outside(await gate.upgrade({ headers: [['Cookie', value]] })))
    }
    expect(texts.size).toBe(1)
  })

  it('AUT-16 the 401 of a token and of a cookie differ in their advice only, never in the cause', async () => {
    for (const name of ['401 bad token', '401 unknown session']) {
      const { code, detail } = JSON.parse(seen(name).body) as Record<string, string>
      expect(code).toBe('invalid-credential')
      expect(detail).not.toMatch(/expired|revoked|signature|unknown|audience|key/i)
    }
  })
})

describe('SEC-3 what must not be reachable from outside', () => {
  it.each([
    '/dashboard/',
    '/api/rawdata',
    '/api/version',
    '/api/http/routers',
    '/metrics',
    '/ping',
    '/healthz',
    '/readyz',
    '/debug/pprof/',
    '/debug/vars',
    '/.env',
    '/.git/config',
    '/.sallyport/credentials.json',
    '/credentials.json',
    '/server-status',
    '/verify',
    '/verify/websocket',
    '/authority/check',
    '/authority/authenticate',
    '/unavailable',
    '/sallyport.yml',
    '/package.json',
    '/src/main.tsx',
    '/auth/admin',
    '/auth/.well-known/openid-configuration',
  ])('SEC-3 %s is 404, or the front end’s page', async (path) => {
    const { status, body } = await request(publicUrl(stack, path))
    expect([path, status]).toEqual([path, 404])
    expect(body).not.toMatch(/password|adminToken|BEGIN|sallyport_/)
  })

  it('SEC-3 the management entry point offers health and no insight', async () => {
    const { management } = stack.endpoints
    const from = '127.0.0.1'
    for (const path of [
      '/api/rawdata',
      '/dashboard/',
      '/debug/pprof/',
      '/api/version',
      '/metrics',
    ]) {
      expect((await request(`${management}${path}`, { from })).status).toBe(404)
    }
  })

  it('SEC-2 a 101 and the pages name no server either', async () => {
    const opened = await rawUpgrade(
      stack,
      withOrigin({ headers: [['Cookie', alice.cookie]] }, stack.endpoints.public),
    )
    opened.socket.destroy()
    const page = await request(publicUrl(stack, '/'), { headers: { accept: 'text/html' } })
    expect([opened.status, page.status]).toEqual([101, 200])
    for (const headers of [opened.headers, page.headers, alice.answer.headers]) {
      expect(headers).not.toHaveProperty('server')
      expect(headers).not.toHaveProperty('x-powered-by')
    }
  })

  it('COO-1 AUT-16 a token says nothing that a refusal repeats', () => {
    const { sid } = claimsOf(alice.token)
    for (const name of names) expect(seen(name).body).not.toContain(String(sid))
  })
})
