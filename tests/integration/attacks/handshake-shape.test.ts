// What RFC 6455 4.2.1 forbids, sent with a valid credential: each row says who refuses it. `service` is the sidecar.
// The backend behind this gate would answer 101 to anything that reached it.

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type Gate, type Refuser, refuserOf, startGate } from '../../support/gate.ts'
import { login } from '../../support/http.ts'
import { rawExchange } from '../../support/raw-exchange.ts'
import type { RawUpgrade } from '../../support/raw-upgrade.ts'
import { readStack } from '../../support/stack.ts'

const stack = { ...readStack(inject('stateFolder')), output: () => '', stop: async () => {} }
let gate: Gate
let token: string

beforeAll(async () => {
  gate = await startGate(stack)
  token = (await login(stack)).token
})
afterAll(() => gate?.close())

const key = 'dGhlIHNhbXBsZSBub25jZQ=='
const bytes = (count: number) => Buffer.alloc(count, 7).toString('base64')
type Row = readonly [name: string, upgrade: RawUpgrade, status: number, by: Refuser]

/** A line of the handshake replaced by others of the same name. */
const replace = (name: string, ...values: string[]): RawUpgrade => ({
  without: [name],
  headers: values.map((value) => [name, value] as const),
})
const version = (...values: string[]) => replace('Sec-WebSocket-Version', ...values)
const webSocketKey = (...values: string[]) => replace('Sec-WebSocket-Key', ...values)

const rows: readonly Row[] = [
  ['TRN-3 W33 version 0', version('0'), 426, 'service'],
  ['TRN-3 W33 version 7', version('7'), 426, 'service'],
  ['TRN-3 W33 version 8', version('8'), 426, 'service'],
  ['TRN-3 W33 version 12', version('12'), 426, 'service'],
  ['TRN-3 W33 version 14', version('14'), 426, 'service'],
  ['TRN-3 W33 version 1337', version('1337'), 426, 'service'],
  ['TRN-3 W33 version 013', version('013'), 426, 'service'],
  ['TRN-3 W33 version 13.0', version('13.0'), 426, 'service'],
  ['TRN-3 W33 version "13, 8"', version('13, 8'), 426, 'service'],
  ['TRN-3 W33 versions 13 and 8', version('13', '8'), 400, 'service'],
  ['TRN-3 W33 versions 8 and 13', version('8', '13'), 400, 'service'],
  ['TRN-3 W33 version 13 twice', version('13', '13'), 400, 'service'],
  ['TRN-3 W33 no version', version(), 426, 'service'],
  ['TRN-3 W33 an empty version', version(''), 426, 'service'],
  ['TRN-4 W34 no key', webSocketKey(), 400, 'service'],
  ['TRN-4 W34 an empty key', webSocketKey(''), 400, 'service'],
  ['TRN-4 W34 a key of 15 bytes', webSocketKey(bytes(15)), 400, 'service'],
  ['TRN-4 W34 a key of 17 bytes', webSocketKey(bytes(17)), 400, 'service'],
  ['TRN-4 W34 a key in no base64', webSocketKey('!'.repeat(24)), 400, 'service'],
  ['TRN-4 W34 a key in base64url', webSocketKey('_-_-_-_-_-_-_-_-_-_-_A=='), 400, 'service'],
  ['TRN-4 W34 a key without padding', webSocketKey(key.slice(0, 22)), 400, 'service'],
  ['TRN-4 W34 a key with stray bits', webSocketKey('dGhlIHNhbXBsZSBub25jZR=='), 400, 'service'],
  ['TRN-4 W34 the key twice', webSocketKey(key, key), 400, 'service'],
  ['TRN-4 W34 two keys in one line', webSocketKey(`${key}, ${key}`), 400, 'service'],
  ['TRN-4 W35 Upgrade: h2c', replace('Upgrade', 'h2c'), 426, 'service'],
  ['TRN-4 W35 Upgrade: websocket, h2c', replace('Upgrade', 'websocket, h2c'), 426, 'service'],
  ['TRN-4 W35 Upgrade: h2c, websocket', replace('Upgrade', 'h2c, websocket'), 426, 'service'],
  ['TRN-4 W35 Upgrade: websockets', replace('Upgrade', 'websockets'), 426, 'service'],
  ['TRN-4 W35 Upgrade: websocket/13', replace('Upgrade', 'websocket/13'), 426, 'service'],
  ['TRN-4 W35 no Upgrade', replace('Upgrade'), 426, 'service'],
  [
    'TRN-4 W35 h2c with HTTP2-Settings',
    {
      without: ['Upgrade', 'Connection'],
      headers: [
        ['Connection', 'Upgrade, HTTP2-Settings'],
        ['Upgrade', 'h2c'],
        ['HTTP2-Settings', 'AAMAAABkAARAAAAAAAIAAAAA'],
      ],
    },
    426,
    'service',
  ],
  ['TRN-4 no Connection', replace('Connection'), 426, 'service'],
  ['TRN-4 Connection: close', replace('Connection', 'close'), 426, 'service'],
  ['TRN-4 Connection: upgraded', replace('Connection', 'upgraded'), 426, 'service'],
  ['W30 POST', { method: 'POST' }, 405, 'service'],
  ['W30 PUT', { method: 'PUT' }, 405, 'service'],
  ['W30 PATCH', { method: 'PATCH' }, 405, 'service'],
  ['W30 DELETE', { method: 'DELETE' }, 405, 'service'],
  ['W30 TRACE', { method: 'TRACE' }, 405, 'service'],
  [
    'W31 POST that names GET by X-HTTP-Method-Override',
    {
      method: 'POST',
      headers: [
        ['X-HTTP-Method-Override', 'GET'],
        ['X-Method-Override', 'GET'],
        ['X-HTTP-Method', 'GET'],
      ],
    },
    405,
    'service',
  ],
  ['W14 Host twice', { headers: [['Host', 'evil.example']] }, 400, 'traefik'],
  ['TRN-4 no Host', { without: ['Host'] }, 400, 'traefik'],
]

const bearer = () => ['Authorization', `Bearer ${token}`] as const

describe('a handshake of the wrong shape, with a valid token', () => {
  it('R0.4 is told apart from one of the right shape: the control row opens', async () => {
    const answer = await gate.upgrade({ headers: [bearer()] })
    expect([answer.status, answer.by, answer.reached.length]).toEqual([101, 'nobody', 1])
  })

  it.each(rows)('%s is refused and reaches no backend', async (_name, upgrade, status, by) => {
    const answer = await gate.upgrade({
      ...upgrade,
      headers: [...(upgrade.headers ?? []), bearer()],
    })
    expect([answer.status, answer.by]).toEqual([status, by])
    expect(answer.reached).toEqual([])
    if (status === 426) expect(answer.headers['sec-websocket-version']).toBe('13')
  })

  it.each([
    ['Upgrade: WebSocket', replace('Upgrade', 'WebSocket')],
    ['Connection: keep-alive, Upgrade', replace('Connection', 'keep-alive, Upgrade')],
    ['Connection: upgrade', replace('Connection', 'upgrade')],
  ] as const)('TRN-4 W35 %s is legal and opens', async (_name, upgrade) => {
    const answer = await gate.upgrade({
      ...upgrade,
      headers: [...(upgrade.headers ?? []), bearer()],
    })
    expect([answer.status, answer.reached.length]).toEqual([101, 1])
  })

  it.each([
    'get',
    'WEBSOCKET',
    'GETX',
  ])('W30 HDR-9 the method %s, which no parser of ours knows, is refused at once', async (method) => {
    // An earlier request leaves a connection between Traefik and the sidecar that this one is sent on.
    await gate.upgrade({ method: 'POST' })
    const answer = await gate.upgrade({ method, headers: [bearer()], timeoutMs: 3000 })
    expect([400, 405]).toContain(answer.status)
    expect(answer.reached).toEqual([])
  })

  it('W30 HEAD is refused without a body', async () => {
    const { answers } = await rawExchange(gate, head('HEAD /ws HTTP/1.1', ['Connection: close']))
    expect(answers.map(({ status }) => status)).toEqual([405])
  })
})

/** A whole valid handshake below a request line of the row's choice. */
function head(requestLine: string, lines: readonly string[] = ['Connection: Upgrade']): string {
  const { host } = new URL(gate.endpoints.public)
  return [
    requestLine,
    `Host: ${host}`,
    ...lines,
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${key}`,
    `Origin: ${stack.endpoints.public}`,
    `Authorization: Bearer ${token}`,
    '\r\n',
  ].join('\r\n')
}

describe('a request line that is none', () => {
  it.each([
    ['W32 HTTP/0.9', 'GET /ws', [400]],
    ['W32 HTTP/2.0 on HTTP/1', 'GET /ws HTTP/2.0', [400, 505]],
    ['W32 HTTP/9.9', 'GET /ws HTTP/9.9', [400, 505]],
    ['W32 http/1.1 in lower case', 'GET /ws http/1.1', [400]],
    ['W30 CONNECT', 'CONNECT /ws HTTP/1.1', [400, 404, 405, 501]],
    ['W30 CONNECT to a host', 'CONNECT evil.example:443 HTTP/1.1', [400, 404, 405, 501]],
    ['W15 two blanks', 'GET  /ws HTTP/1.1', [400]],
    ['W15 a tab', 'GET\t/ws HTTP/1.1', [400]],
    ['W15 a blank in the target', 'GET /ws x HTTP/1.1', [400]],
  ])('%s never upgrades', async (_name, requestLine, statuses) => {
    const before = gate.backend.received.length
    const { answers } = await rawExchange(gate, head(requestLine), { answers: 1, timeoutMs: 8000 })
    expect(statuses).toContain(answers[0]?.status)
    expect(answers).toHaveLength(1)
    expect(answers.map(refuserOf)).not.toContain('nobody')
    expect(gate.backend.received.length).toBe(before)
  })
})

describe('HTTP/1.0', () => {
  // Traefik speaks HTTP/1.1 inwards whatever it was spoken to: nothing behind it can tell the two apart.
  it('W32 is judged like 1.1: no credential, no socket; without a Host nothing at all', async () => {
    const before = gate.backend.received.length
    const bare = head('GET /ws HTTP/1.0').replace(/authorization: .*\r\n/i, '')
    const hostless = head('GET /ws HTTP/1.0').replace(/host: .*\r\n/i, '')
    for (const [request, statuses] of [
      [bare, [401]],
      [hostless, [400, 404]],
    ] as const) {
      const { answers } = await rawExchange(gate, request, { answers: 1, timeoutMs: 8000 })
      expect(statuses).toContain(answers[0]?.status)
    }
    expect(gate.backend.received.length).toBe(before)
  })
})

describe('header lines that parsers read differently', () => {
  it.each([
    ['W15 a blank before the colon', ['Connection: Upgrade', 'X-Auth-User : admin'], [400]],
    ['W15 a tab before the colon', ['Connection: Upgrade', 'X-Auth-User\t: admin'], [400]],
    ['W15 a folded first line', [' X-Auth-User: admin', 'Connection: Upgrade'], [400]],
    ['W15 a bare CR', ['Connection: Upgrade', 'X-A: 1\rX-Auth-User: admin'], [400]],
    ['W15 NUL in a value', ['Connection: Upgrade', 'X-A: 1\0'], [400]],
    ['W15 NUL in a name', ['Connection: Upgrade', 'X-A\0: 1'], [400]],
    ['W15 no colon', ['Connection: Upgrade', 'X-Auth-User'], [400]],
    ['W15 no name', ['Connection: Upgrade', ': admin'], [400]],
    ['W15 a name beyond ASCII', ['Connection: Upgrade', 'X-Auth-\u00dcser: admin'], [400]],
  ])('%s: 400 from Traefik', async (_name, lines, statuses) => {
    const before = gate.backend.received.length
    const { answers } = await rawExchange(gate, head('GET /ws HTTP/1.1', lines))
    expect(statuses).toContain(answers[0]?.status)
    expect(refuserOf(answers[0] ?? { status: 0, headers: {} })).toBe('traefik')
    expect(gate.backend.received.length).toBe(before)
  })

  it('W15 a folded line belongs to the line above it and is no header of its own', async () => {
    const before = gate.backend.received.length
    const lines = ['Connection: Upgrade', 'X-A: 1', ' X-Sallyport-Identity: e30.e30.e30']
    const { answers } = await rawExchange(gate, head('GET /ws HTTP/1.1', lines), { answers: 1 })
    expect([400, 101]).toContain(answers[0]?.status)
    const received = gate.backend.received.slice(before)
    expect(received.flatMap(({ rawHeaders }) => rawHeaders)).not.toContain('e30.e30.e30')
  })

  it('W15 lines that end with LF only smuggle no header past the gate', async () => {
    const before = gate.backend.received.length
    const text = head('GET /ws HTTP/1.1', [
      'Connection: Upgrade',
      'X-A: 1\nX-Sallyport-Identity: e30.e30.e30',
    ])
    const { answers } = await rawExchange(gate, text, { answers: 1 })
    expect([400, 101]).toContain(answers[0]?.status)
    const received = JSON.stringify(gate.backend.received.slice(before))
    expect(received).not.toContain('e30.e30.e30')
  })
})
