// Headers that a client must not be able to set, in every spelling, and lines that stand twice or hide others.
// The recording backend shows what Traefik really passes on (O3); the sidecar's verdict must not change either.

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type Gate, startGate } from '../../support/gate.ts'
import { type Login, login } from '../../support/http.ts'
import { rawExchange } from '../../support/raw-exchange.ts'
import { readStack } from '../../support/stack.ts'

const stack = { ...readStack(inject('stateFolder')), output: () => '', stop: async () => {} }
let gate: Gate
let alice: Login

beforeAll(async () => {
  gate = await startGate(stack)
  alice = await login(stack)
})
afterAll(() => gate?.close())

type Line = readonly [string, string]
const cookie = (): Line => ['Cookie', alice.cookie]
const bearer = (): Line => ['Authorization', `Bearer ${alice.token}`]
const canary = 'canary6666'

const identityNames = [
  'X-Sallyport-Identity',
  'X-Sallyport-Request-Id',
  'X-Sallyport-Route',
  'X-Auth-User',
  'X-Auth-Role',
  'X-Auth-Request-User',
  'X-Auth-Request-Email',
  'X-Auth-Request-Groups',
  'X-Auth-Request-Preferred-Username',
  'X-Forwarded-User',
  'X-Forwarded-Email',
  'X-Forwarded-Groups',
  'X-Forwarded-Preferred-Username',
  'X-Forwarded-Access-Token',
  'Remote-User',
  'Remote-Name',
  'Remote-Email',
  'Remote-Groups',
] as const
const forwardingNames = [
  'X-Forwarded-For',
  'X-Forwarded-Host',
  'X-Forwarded-Proto',
  'X-Forwarded-Port',
  'X-Forwarded-Uri',
  'X-Forwarded-Method',
  'X-Forwarded-Prefix',
  'X-Forwarded-Server',
  'X-Real-Ip',
  'Forwarded',
  'X-Original-Url',
  'X-Rewrite-Url',
  'X-Original-Method',
  'X-Http-Method-Override',
  'X-Forwarded-Tls-Client-Cert',
  'X-Forwarded-Tls-Client-Cert-Info',
] as const

/** Spellings that some server somewhere takes for the same name. */
const spellings: Readonly<Record<string, (name: string) => string>> = {
  'as it is': (name) => name,
  'in lower case': (name) => name.toLowerCase(),
  'in upper case': (name) => name.toUpperCase(),
  'with underscores': (name) => name.replaceAll('-', '_'),
  'with dots': (name) => name.replaceAll('-', '.'),
  'half with underscores': (name) => name.replace('-', '_'),
  'half with dots': (name) => name.replace(/-(?!.*-)/, '.'),
  'with tildes': (name) => name.replaceAll('-', '~'),
  'with exclamation marks': (name) => name.replaceAll('-', '!'),
  'with bars': (name) => name.replaceAll('-', '|'),
  'with carets': (name) => name.replaceAll('-', '^'),
}

const values: Readonly<Record<string, string>> = {
  'X-Forwarded-Uri': `/${canary}`,
  'X-Forwarded-Method': 'POST',
  Forwarded: `for=${canary};host=${canary}`,
}

describe('a header that only the gate may set', () => {
  it.each(
    Object.entries(spellings),
  )('HDR-1 HDR-2 HDR-5 W10 W11 W12 spelt %s never reaches the backend, and changes no verdict', async (_spelling, spell) => {
    const lines = [...identityNames, ...forwardingNames].map(
      (name) => [spell(name), values[name] ?? canary] as const,
    )
    const allowed = await gate.upgrade({ headers: [cookie(), ...lines] })
    expect([allowed.status, allowed.reached.length]).toEqual([101, 1])
    const received = allowed.reached[0]?.rawHeaders ?? []
    const leaked = received.filter((_text, index) => received[index + 1]?.includes(canary))
    expect(leaked).toEqual([])
    const identities = received.filter((text) => /^x.sallyport.identity$/i.test(text))
    expect(identities).toEqual(['X-Sallyport-Identity'])

    const anonymous = await gate.upgrade({ headers: lines })
    expect([anonymous.status, anonymous.by, anonymous.reached.length]).toEqual([401, 'service', 0])
  })

  it.each(identityNames)('W11 HDR-5 %s, sent twice and in two cases, is gone', async (name) => {
    const lines: Line[] = [
      [name, canary],
      [name.toLowerCase(), canary],
    ]
    const { status, reached } = await gate.upgrade({ headers: [cookie(), ...lines] })
    expect([status, JSON.stringify(reached).includes(canary)]).toEqual([101, false])
  })

  it.each([
    ['X-Forwarded-Method', 'GET', 'POST'],
    ['X-Forwarded-Uri', '/ws', '/ws/health'],
    ['X-Forwarded-Uri', '/ws', '/auth/.well-known/jwks.json'],
    ['X-Forwarded-Host', 'evil.example', 'evil.example'],
    ['X-Forwarded-Proto', 'https', 'garbage'],
    ['X-Forwarded-Port', '443', '1'],
    ['X-Forwarded-Prefix', '/public', '/'],
    ['X-Original-Url', '/ws/health', '/'],
    ['User-Agent', 'kube-probe/1.30', 'GoogleHC/1.0'],
  ])('W10 HDR-3 %s: %s or %s makes no anonymous handshake an allowed one', async (name, first, second) => {
    for (const value of [first, second]) {
      const { status, by, reached } = await gate.upgrade({ headers: [[name, value]] })
      expect([status, by, reached.length]).toEqual([401, 'service', 0])
    }
  })

  it('W11 W16 arrives in no trailer: what trailers stand behind, a body, makes the same handshake a 400', async () => {
    const head = [
      'GET /ws HTTP/1.1',
      `Host: ${new URL(stack.endpoints.public).host}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      `Origin: ${stack.endpoints.public}`,
      `Cookie: ${alice.cookie}`,
    ]
    const trailers = [
      'Transfer-Encoding: chunked',
      'Trailer: X-Sallyport-Identity, X-Auth-User',
      '',
      '0',
      `X-Sallyport-Identity: ${canary}`,
      `X-Auth-User: ${canary}`,
    ]
    const answerTo = async (lines: readonly string[]) => {
      const { answers } = await rawExchange(stack, [...lines, '\r\n'].join('\r\n'), { answers: 1 })
      return answers[0]
    }
    expect((await answerTo(head))?.status).toBe(101)
    const refused = await answerTo([...head, ...trailers])
    expect([refused?.status, JSON.parse(refused?.body ?? '{}')]).toEqual([
      400,
      expect.objectContaining({ code: 'malformed-handshake' }),
    ])
  })
})

describe('W13 headers that the client names in Connection', () => {
  const named = [
    'X-Sallyport-Identity',
    'X-Sallyport-Request-Id',
    'X-Auth-User',
    'X-Forwarded-For',
    'X-Forwarded-Host',
    'X-Forwarded-Proto',
    'X-Forwarded-Uri',
    'X-Forwarded-Method',
    'X-Forwarded-Port',
    'X-Real-Ip',
  ]
  it.each(named)('W13 %s stays what the gate made it', async (name) => {
    const { status, reached } = await gate.upgrade({
      without: ['Connection'],
      headers: [['Connection', `Upgrade, ${name}`], [name, canary], cookie()],
    })
    expect([status, reached.length]).toEqual([101, 1])
    const received = reached[0]?.rawHeaders ?? []
    expect(received).toContain('X-Sallyport-Identity')
    expect(received.join()).not.toContain(canary)
  })

  it.each([
    ['Cookie', () => cookie(), 401],
    ['Authorization', () => bearer(), 401],
    [
      'Sec-WebSocket-Protocol',
      () => ['Sec-WebSocket-Protocol', `sallyport.v1, bearer.${alice.token}`] as const,
      401,
    ],
    ['Sec-WebSocket-Key', () => cookie(), 400],
    ['Sec-WebSocket-Version', () => cookie(), 426],
    ['Origin', () => cookie(), 403],
  ] as const)('W13 %s is lost to all of us alike: refused, and no backend sees it', async (name, line, status) => {
    const answer = await gate.upgrade({
      without: ['Connection'],
      headers: [['Connection', `Upgrade, ${name}`], line()],
    })
    expect([answer.status, answer.reached.length]).toEqual([status, 0])
  })

  it('W13 the address that is counted stays the connection’s', async () => {
    const { reached } = await gate.upgrade({
      from: '127.77.66.55',
      without: ['Connection'],
      headers: [
        ['Connection', 'Upgrade, X-Forwarded-For, X-Real-Ip'],
        ['X-Forwarded-For', '6.6.6.6'],
        cookie(),
      ],
    })
    const lines = reached[0]?.rawHeaders ?? []
    expect(lines[lines.indexOf('X-Forwarded-For') + 1]).toBe('127.77.66.55')
  })
})

describe('W14 a security header that stands twice', () => {
  it.each([
    ['Authorization, the same', () => [bearer(), bearer()], 400],
    ['Authorization, good and bad', () => [bearer(), ['Authorization', 'Bearer x.y.z']], 400],
    ['Authorization, bad and good', () => [['Authorization', 'Bearer x.y.z'], bearer()], 400],
    ['Authorization in two cases', () => [bearer(), ['authorization', 'Basic YTpi']], 400],
    ['Cookie with the session twice', () => [cookie(), cookie()], 400],
    [
      'Cookie with another session first',
      () => [['Cookie', `sessionId=${'A'.repeat(43)}`], cookie()],
      400,
    ],
    [
      'Sec-WebSocket-Protocol',
      () => [
        ['Sec-WebSocket-Protocol', 'sallyport.v1'],
        ['Sec-WebSocket-Protocol', `bearer.${alice.token}`],
      ],
      400,
    ],
    ['Origin', () => [['Origin', stack.endpoints.public], ['Origin', 'null'], cookie()], 400],
  ] as const)('W14 AUT-2 %s is refused with 400', async (_name, lines, status) => {
    const { status: answered, by, reached } = await gate.upgrade({ headers: lines() as Line[] })
    expect([answered, by, reached.length]).toEqual([status, 'service', 0])
  })

  it('W14 X-Forwarded-Uri is rebuilt whatever stands twice', async () => {
    const { status, reached } = await gate.upgrade({
      headers: [['X-Forwarded-Uri', '/public'], ['X-Forwarded-Uri', '/admin'], cookie()],
    })
    expect([status, reached.length]).toEqual([101, 1])
    expect(JSON.stringify(reached)).not.toMatch(/\/public|\/admin/)
  })
})

describe('W17 LIM-5 headers without end', () => {
  const many = (count: number, line: (index: number) => Line) =>
    Array.from({ length: count }, (_, index) => line(index))
  it.each([
    ['2,000 small lines', many(2000, (index) => [`X-${index}`, '1']), [431]],
    ['one line of 17 kB', [['X-A', 'a'.repeat(17_000)]] as const, [431]],
    ['one line of 64 kB', [['X-A', 'a'.repeat(64_000)]] as const, [431]],
    ['one line of 900 kB', [['X-A', 'a'.repeat(900_000)]] as const, [431]],
    ['a name of 20 kB', [[`X-${'a'.repeat(20_000)}`, '1']] as const, [431]],
    ['5,000 subprotocols', [['Sec-WebSocket-Protocol', 'a,'.repeat(10_000)]] as const, [431]],
    ['a cookie of 8 kB', [['Cookie', `sessionId=${'a'.repeat(8000)}`]] as const, [401]],
    ['1,000 cookies', [['Cookie', 'a=b; '.repeat(1000)]] as const, [401]],
    ['a line of commas', [['Sec-WebSocket-Protocol', ','.repeat(8000)]] as const, [400]],
    ['a line of blanks', [['Sec-WebSocket-Protocol', `a${' '.repeat(8000)}b`]] as const, [400]],
  ])('W17 W72 %s: bounded, and never 5xx', async (_name, lines, statuses) => {
    const startedAtMs = performance.now()
    const { host } = new URL(gate.endpoints.public)
    const head = [
      'GET /ws HTTP/1.1',
      `Host: ${host}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      `Origin: ${stack.endpoints.public}`,
      ...lines.map(([name, value]) => `${name}: ${value}`),
      '\r\n',
    ].join('\r\n')
    const { answers } = await rawExchange(gate, head, { answers: 1 })
    expect(statuses).toContain(answers[0]?.status)
    expect(performance.now() - startedAtMs).toBeLessThan(2000)
  })
})
