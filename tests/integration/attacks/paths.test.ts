// Spellings of the socket's path: refused, or routed and authenticated like the path itself – never a backend
// without the question. Also requests that are no upgrades, on the same paths.

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type Gate, startGate } from '../../support/gate.ts'
import { login } from '../../support/http.ts'
import { rawExchange } from '../../support/raw-exchange.ts'
import { readStack } from '../../support/stack.ts'

const stack = { ...readStack(inject('stateFolder')), output: () => '', stop: async () => {} }
let gate: Gate
let token: string

beforeAll(async () => {
  gate = await startGate(stack)
  token = (await login(stack)).token
})
afterAll(() => gate?.close())

/** What the gate answers to an upgrade there, with a credential and without. */
type Row = readonly [target: string, withToken: readonly number[], without: readonly number[]]
const elsewhere = [400, 404, 405] as const
const guarded = [400, 401, 404] as const

const spellings: readonly Row[] = [
  // Traefik cleans these before it routes; the sidecar may still find the spelling odd.
  ...['/%77s', '/w%73', '//ws', '///ws', '/./ws', '/x/../ws', '/ws/.', '/%2e/ws'].map(
    (target): Row => [target, [101, 400, 404], guarded],
  ),
  ['/ws?x=/health', [101], [401]],
  ['/ws?', [101, 400], guarded],
  ['/ws?/../ws/health', [101, 400], guarded],
  ['http://evil.example/ws', [101, 400, 404], guarded],
  ['http:///ws', [101, 400, 404], guarded],
  // The root, whose page is public.
  ['/ws/..', [200, 400, 404], [200, 400, 404]],
  ['/health/../ws', [101, 400, 404], guarded],
  ['/health/%2e%2e/ws', [101, 400, 404], guarded],
  ['/ws/health/../../ws', [101, 400, 404], guarded],
  // These are other paths, or none.
  ...[
    '/ws/',
    '/ws//',
    '/ws%2f',
    '/ws%2F',
    '/ws%252f',
    '/%2fws',
    '/%2577s',
    '/%5cws',
    '/..%5cws',
    '/\\ws',
    '\\ws',
    '/ws\\..',
    '/ws/../admin',
    '/ws/%2e%2e/admin',
    '/health/..%2fws',
    '/health%2f..%2fws',
    '/health;/../ws/x',
    '/ws;a=b',
    '/;/ws',
    '/x/..;/ws',
    '/ws%3ba=b',
    '/ws%00',
    '/%00/ws',
    '/ws%0d%0a',
    '/ws%0aX',
    '/ws%09',
    '/%09/ws',
    '/ws%20',
    '/%20ws',
    '/ws.',
    '/ws.json',
    '/ws%2e',
    '/WS',
    '/Ws',
    '/wS',
    '/wsx',
    '/ws-admin',
    '/ws#x',
    '/ws#/../admin',
    '/ws%23',
    '/ws%3f',
    '/ws%3fx',
    '/ws%25',
    '/ws%',
    '/ws%zz',
    '/ws%u002f',
    '/%c0%afws',
    '/%c0%ae%c0%ae/ws',
    '/%e0%80%afws',
    '/%ff%fews',
    '/\uff57\uff53',
    '/%ef%bd%97%ef%bd%93',
    '/w%CC%81s',
    'ws',
    '?/ws',
    '*',
    '',
    'http:ws',
    'ws://evil.example/ws/',
    `/${'a'.repeat(7000)}/../../ws/x`,
    '/ws/health',
    '/ws/probe',
    '/ws/internal',
    '/internal',
    '/admin',
    '/verify',
    '/verify/websocket',
    '/probe/websocket',
    '/request/websocket',
    '/authority/feed',
    '/authority/check',
    '/metrics',
    '/unavailable',
  ].map((target): Row => [target, elsewhere, elsewhere]),
]

describe('HDR-3 a spelling of the socket’s path', () => {
  it('HDR-3 is told apart from the path itself: the control row opens', async () => {
    const answer = await gate.upgrade({ headers: [['Authorization', `Bearer ${token}`]] })
    expect([answer.status, answer.reached[0]?.target]).toEqual([101, '/ws'])
  })

  it.each(
    spellings.map(([target, ...statuses]) => [target.slice(0, 60), target, ...statuses] as const),
  )('HDR-3 §4.3 %j opens nothing without a credential, and only the socket’s path with one', async (_name, text, withToken, without) => {
    const target = Buffer.from(text).toString('latin1')
    const anonymous = await gate.upgrade({ target, timeoutMs: 3000 })
    expect(without).toContain(anonymous.status)
    expect(anonymous.reached).toEqual([])

    const known = await gate.upgrade({
      target,
      headers: [['Authorization', `Bearer ${token}`]],
      timeoutMs: 3000,
    })
    expect(withToken).toContain(known.status)
    expect(known.reached.length).toBe(known.status === 101 ? 1 : 0)
    for (const received of known.reached) expect(received.target.split('?')[0]).toBe('/ws')
  })

  it('HDR-3 a path of 16 kB is refused by Traefik', async () => {
    const answer = await gate.upgrade({ target: `/${'a'.repeat(16_000)}` })
    expect([414, 431]).toContain(answer.status)
    expect(answer.by).toBe('traefik')
  })

  it.each([
    'EVIL.EXAMPLE',
    'evil.example',
    'localhost.',
    'LOCALHOST',
    'localhost:1',
    'user@localhost',
    '127.0.0.1:22',
    '[::1]',
    'localhost, evil.example',
    'localhost/ws/health?',
    'localhost#',
    '',
  ])('W14 HDR-3 Host: %j decides nothing: asked or refused, never waved through', async (value) => {
    const answer = await gate.upgrade({ without: ['Host'], headers: [['Host', value]] })
    expect([400, 401, 404]).toContain(answer.status)
    expect(answer.reached).toEqual([])
  })
})

describe('AUT-15 a credential in the query', () => {
  it.each([
    'access_token',
    'Access_Token',
    'access%5Ftoken',
    'token',
    'id_token',
    'jwt',
    'bearer',
    'auth_token',
    'authorization',
    'ticket',
  ])('AUT-15 %s= opens nothing, and is refused beside a good credential', async (name) => {
    const target = `/ws?x=1&${name}=${token}`
    const alone = await gate.upgrade({ target })
    expect([400, 401]).toContain(alone.status)
    const beside = await gate.upgrade({ target, headers: [['Authorization', `Bearer ${token}`]] })
    expect([beside.status, beside.by]).toEqual([400, 'service'])
    expect([...alone.reached, ...beside.reached]).toEqual([])
  })
})

describe('W30 what is no upgrade', () => {
  it.each([
    '/ws',
    '/ws/',
    '//ws',
    '/%77s',
    '/ws?x=1',
    '/ws/../ws',
    '/ws/internal',
    '/WS',
    '/ws;x',
  ])('HDR-3 a plain request for %s reaches no backend, by any method', async (target) => {
    const { host } = new URL(gate.endpoints.public)
    const before = gate.backend.received.length
    for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS']) {
      const text = [
        `${method} ${target} HTTP/1.1`,
        `Host: ${host}`,
        'Connection: close',
        `Authorization: Bearer ${token}`,
        'Content-Length: 0',
        '\r\n',
      ].join('\r\n')
      const { answers, text: received } = await rawExchange(gate, text)
      const status = answers[0]?.status ?? Number(received.split(' ')[1])
      expect([method, [400, 404, 405, 426, 429].includes(status) || status === 200]).toEqual([
        method,
        true,
      ])
    }
    expect(gate.backend.received.length).toBe(before)
  })
})
