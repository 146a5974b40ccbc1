import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAssertionRing, verifyAssertion } from '@sallyport/contracts/identity-assertion'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { login } from '../support/http.ts'
import { type RawUpgrade, rawUpgrade } from '../support/raw-upgrade.ts'
import { type RecordingBackend, startRecordingBackend } from '../support/recording-backend.ts'
import { startTraefik } from '../support/second-parts.ts'
import { readStack } from '../support/stack.ts'

const stack = { ...readStack(inject('stateFolder')), output: () => '', stop: async () => {} }
let backend: RecordingBackend
let traefik: Awaited<ReturnType<typeof startTraefik>>

beforeAll(async () => {
  backend = await startRecordingBackend(stack)
  traefik = await startTraefik(stack, { SALLYPORT_BACKEND_URL: backend.url })
})
afterAll(async () => {
  await traefik?.stop()
  await backend?.close()
})

/** Upgrades through the second Traefik and returns what the backend got, if it got anything. */
async function receivedFor(upgrade: RawUpgrade) {
  const before = backend.received.length
  const answer = await rawUpgrade(
    { endpoints: traefik.endpoints },
    {
      ...upgrade,
      without: ['Origin', ...(upgrade.without ?? [])],
      headers: [['Origin', stack.endpoints.public], ...(upgrade.headers ?? [])],
    },
  )
  answer.socket.destroy()
  const lines = backend.received[before]?.rawHeaders ?? []
  const received = lines.flatMap((name, index) =>
    index % 2 === 0 ? [[name.toLowerCase(), lines[index + 1] ?? ''] as const] : [],
  )
  return { status: answer.status, received, target: backend.received[before]?.target }
}

const identityLike =
  /^(x[-_.~!]auth|x[-_.~!]sallyport|remote[-_.~!]|x[-_.~!]forwarded[-_.~!](user|email))/

describe('what the backend receives', () => {
  it('RX.5 SUB-1 holds no credential: cookie, token and subprotocol entry are gone', async () => {
    const { cookie, token } = await login(stack)
    const { status, received } = await receivedFor({
      headers: [
        ['Cookie', `theme=dark; ${cookie}`],
        ['Authorization', `Bearer ${token}`],
        ['Sec-WebSocket-Protocol', `bearer.${token}, sallyport.v1`],
      ],
    })
    expect(status).toBe(101)
    const names = received.map(([name]) => name)
    expect(names).not.toContain('cookie')
    expect(names).not.toContain('authorization')
    expect(received).toContainEqual(['sec-websocket-protocol', 'sallyport.v1'])
    expect(JSON.stringify(received)).not.toContain(token)
    expect(JSON.stringify(received)).not.toContain(cookie.slice('sessionId='.length))
  })

  it('RX.6 holds the signed identity of exactly this handshake', async () => {
    const { cookie, sessionId } = await login(stack)
    const { received } = await receivedFor({ headers: [['Cookie', cookie]] })
    const headers = Object.fromEntries(received)
    const ring = parseAssertionRing(
      readFileSync(join(stack.stateFolder, 'keys/assertion-ws-backend.json'), 'utf8'),
    )
    const verified = await verifyAssertion(
      headers['x-sallyport-identity'] ?? '',
      ring,
      { audience: 'ws-backend', webSocketKey: headers['sec-websocket-key'] ?? '' },
      Date.now,
    )
    expect(verified).toMatchObject({
      ok: true,
      value: { identity: { subject: 'alice', sessionId, way: 'session-cookie' } },
    })
  })

  it('HDR-1 HDR-2 W11 W12 holds no identity that the client chose, under any spelling of its name', async () => {
    const { cookie } = await login(stack)
    const spoofed = [
      'X-Sallyport-Identity',
      'X-Sallyport-Request-Id',
      'X-Sallyport-Anything',
      'x-auth-user',
      'X-Auth-Request-User',
      'X-Auth-Role',
      'Remote-User',
      'X-Forwarded-User',
      'X-Forwarded-Email',
      'X_Sallyport_Identity',
      'X.Sallyport.Identity',
      'X_Auth_User',
      'X.Auth.User',
      'X~Auth~User',
      'X!Auth!User',
      'x_auth-user',
    ].map((name) => [name, 'admin'] as const)
    const { status, received } = await receivedFor({ headers: [['Cookie', cookie], ...spoofed] })
    expect(status).toBe(101)
    expect(JSON.stringify(received)).not.toContain('admin')
    const names = received.map(([name]) => name).filter((name) => identityLike.test(name))
    expect(names.sort()).toEqual(['x-sallyport-identity', 'x-sallyport-request-id'])
  })

  it('HDR-1 W11 does not turn a spoofed identity into a decision', async () => {
    const { status, received } = await receivedFor({
      headers: [
        ['X-Sallyport-Identity', 'e30.e30.e30'],
        ['X-Auth-User', 'alice'],
        ['Remote-User', 'alice'],
      ],
    })
    expect(status).toBe(401)
    expect(received).toEqual([])
  })

  it('W13 keeps its identity when the client names it in Connection', async () => {
    const { cookie } = await login(stack)
    const { status, received } = await receivedFor({
      without: ['Connection'],
      headers: [
        ['Connection', 'Upgrade, X-Sallyport-Identity, X-Forwarded-For'],
        ['Cookie', cookie],
      ],
    })
    expect(status).toBe(101)
    expect(received.map(([name]) => name)).toContain('x-sallyport-identity')
  })

  it('W13 a client that names its own credential in Connection only loses it', async () => {
    const { cookie } = await login(stack)
    const { status, received } = await receivedFor({
      without: ['Connection'],
      headers: [
        ['Connection', 'Upgrade, Cookie'],
        ['Cookie', cookie],
      ],
    })
    expect(status).toBe(401)
    expect(received).toEqual([])
  })

  it('W10 rebuilds forwarding headers and drops the ones nobody here reads', async () => {
    const { cookie } = await login(stack)
    const { received } = await receivedFor({
      headers: [
        ['Cookie', cookie],
        ['X-Forwarded-For', '6.6.6.6'],
        ['X-Forwarded-Host', 'evil.example'],
        ['X-Forwarded-Uri', '/public'],
        ['X-Forwarded-Prefix', '/evil'],
        ['X-Real-Ip', '6.6.6.6'],
        ['Forwarded', 'for=6.6.6.6'],
        ['X-Original-Url', '/evil'],
        ['X-Rewrite-Url', '/evil'],
        ['X-HTTP-Method-Override', 'POST'],
      ],
    })
    const text = JSON.stringify(received)
    expect(received.length).toBeGreaterThan(5)
    for (const trace of ['6.6.6.6', 'evil', '/public', 'POST']) expect(text).not.toContain(trace)
  })
})

describe('R2.6 the effective chain', () => {
  it('R2.6 answers a preflight on /ws for listed origins only, without reaching the backend', async () => {
    const { request, publicUrl } = await import('../support/http.ts')
    const preflight = (origin: string) =>
      request(publicUrl(stack, '/ws'), {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'GET' },
      })
    const ours = await preflight(stack.endpoints.public)
    expect(ours.headers['access-control-allow-origin']).toBe(stack.endpoints.public)
    expect(ours.headers['access-control-allow-methods']).toBe('GET,OPTIONS')
    const theirs = await preflight('https://evil.example')
    expect(theirs.headers).not.toHaveProperty('access-control-allow-origin')
  })
})
