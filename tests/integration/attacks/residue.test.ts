// What is left behind: every secret, by every way and in every wrong place, then a search of all logs at debug level,
// Traefik's access log, all metrics and everything that was answered. The search is first shown to find a planted one.

import { hash } from 'node:crypto'
import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Gate, startGate, withOrigin } from '../../support/gate.ts'
import { type Login, login, logout, publicUrl, request } from '../../support/http.ts'
import { rawExchange } from '../../support/raw-exchange.ts'
import { type RawUpgrade, rawUpgrade } from '../../support/raw-upgrade.ts'
import { openSocket } from '../../support/socket.ts'
import { type Stack, startStack } from '../../support/stack.ts'
import { until } from '../../support/until.ts'
import { requestTicket } from '../../support/ways.ts'

let stack: Stack
let gate: Gate
let alice: Login
const seen: string[] = []
const secrets = new Map<string, string>()

beforeAll(async () => {
  stack = await startStack({
    SALLYPORT_LOG_LEVEL: 'debug',
    SIDECAR_CREDENTIAL_WAYS:
      'session-cookie,token-cookie,authorization,subprotocol,ticket,first-message',
  })
  gate = await startGate(stack)
  alice = await login(stack)
  secrets.set('token', alice.token)
  secrets.set('signature', alice.token.split('.')[2] ?? '')
  secrets.set('session cookie', alice.cookie.slice(alice.cookie.indexOf('=') + 1))
  secrets.set('password', stack.credentials.users[0]?.password ?? '')
  for (const line of alice.answer.headers['set-cookie'] ?? []) {
    const [, name, value] = /^(?:__Host-)?(\w+)=([^;]*)/.exec(line) ?? []
    if (name && value && value.length > 20) secrets.set(`cookie ${name}`, value)
  }
  const { status, body } = await requestTicket(stack, alice)
  if (status === 200) {
    secrets.set('ticket', (JSON.parse(body) as { ticket: string }).ticket)
    const burnt = await requestTicket(stack, alice)
    secrets.set('burnt ticket', (JSON.parse(burnt.body) as { ticket: string }).ticket)
  }
  await carryEverywhere()
  await injectEverywhere()
  await lastLineIsWritten()
})
afterAll(async () => {
  await gate?.close()
  await stack?.stop()
})

const upgrade = async (more: RawUpgrade) => {
  const whole = withOrigin(more, stack.endpoints.public)
  for (const endpoints of [stack.endpoints, gate.endpoints]) {
    const answer = await rawUpgrade({ endpoints }, whole)
    answer.socket.destroy()
    seen.push(JSON.stringify([answer.headers, answer.body]))
  }
}

/** Each secret in every place a client could put it, right and wrong; but for Origin, which is logged on purpose. */
async function carryEverywhere(): Promise<void> {
  for (const secret of secrets.values()) {
    const headers = [
      ['Authorization', `Bearer ${secret}`],
      ['Authorization', `Basic ${secret}`],
      ['Authorization', secret],
      ['Proxy-Authorization', `Bearer ${secret}`],
      ['Sec-WebSocket-Protocol', `sallyport.v1, bearer.${secret}`],
      ['Sec-WebSocket-Protocol', `sallyport.v1, ticket.${secret}`],
      ['Sec-WebSocket-Protocol', secret],
      ['Sec-WebSocket-Key', secret],
      ['Cookie', `sessionId=${secret}`],
      ['Cookie', `auth_token=${secret}`],
      ['Cookie', `sessionId=${secret}; sessionId=${secret}`],
      ['X-Auth-Token', secret],
      ['Referer', `https://app.example/?ticket=${secret}`],
    ] as const
    for (const line of headers) await upgrade({ headers: [line] })
    for (const name of ['ticket', 'token', 'access_token', 'session']) {
      await upgrade({ target: `/ws?${name}=${secret}` })
    }
    for (const path of ['/auth/session', `/auth/session?ticket=${secret}`, `/?token=${secret}`]) {
      const answer = await request(publicUrl(stack, path), {
        headers: { authorization: `Bearer ${secret}`, cookie: `sessionId=${secret}` },
      })
      // A fresh token is what this answer is for; the secrets that were sent must not come back.
      seen.push(JSON.stringify({ ...answer.headers, 'set-cookie': '' }) + answer.body)
    }
    const body = `{"username": "${secret}", "password": "${secret}", `
    const wrong = await request(publicUrl(stack, '/auth/login'), {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: stack.endpoints.public },
      body,
    })
    seen.push(JSON.stringify(wrong))
  }
}

const marks = {
  query: 'qUeRy-7731',
  agent: 'aGeNt-7731',
  origin: 'oRiGiN-7731',
  path: 'pAtH-7731',
  protocol: 'pRoToCoL-7731',
}
/** What a terminal, a log viewer or a parser of log lines would act on. */
const injections = [
  '\x1b[2J\x1b[31m',
  '\u202e\u2066',
  '\u0085\u2028\u2029',
  '\x07\x08',
  `\${jndi:ldap://127.0.0.1/x}`,
  '","level":"fatal","forged":"yes',
  '%0d%0aforged%20line',
  '\u009b31m',
]

async function injectEverywhere(): Promise<void> {
  for (const text of injections) {
    const bytes = Buffer.from(text).toString('latin1')
    const head = (target: string, lines: readonly string[]) =>
      [
        `GET ${target} HTTP/1.1`,
        `Host: ${new URL(stack.endpoints.public).host}`,
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        ...lines,
        '\r\n',
      ].join('\r\n')
    const requests = [
      head('/ws', [`Origin: https://${marks.origin}${bytes}`]),
      head('/ws', [`Origin: ${stack.endpoints.public}`, `User-Agent: ${marks.agent}${bytes}`]),
      head('/ws', [
        `Origin: ${stack.endpoints.public}`,
        `Sec-WebSocket-Protocol: ${marks.protocol}${bytes}`,
      ]),
      head(`/${marks.path}${encodeURIComponent(text)}`, []),
      head(`/ws?${marks.query}=${encodeURIComponent(text)}`, []),
    ]
    for (const each of requests) {
      const { text: answered } = await rawExchange(stack, each, { answers: 1 })
      seen.push(answered)
    }
  }
}

/** A socket is opened and its session ended: the backend's line about it is the last of all. */
async function lastLineIsWritten(): Promise<void> {
  const socket = await openSocket(stack, { token: alice.token, cookie: alice.cookie })
  socket.send({ type: 'authenticate', data: { token: alice.token } })
  await socket.message('welcome')
  await logout(stack, alice)
  seen.push(JSON.stringify(await socket.closed), JSON.stringify(socket.messages))
  await until('the last line to be written', () => logs().get('ws-backend.log')?.includes('4410'))
}

/** Every log by name: files of the system, the second Traefik's access log, what the launcher printed. */
function logs(): Map<string, string> {
  const folder = join(stack.stateFolder, 'logs')
  const files = readdirSync(folder).map(
    (name) => [name, readFileSync(join(folder, name), 'utf8')] as const,
  )
  return new Map([
    ...files,
    ['second access log', readFileSync(gate.accessLog, 'utf8')],
    ['output', stack.output()],
  ])
}

async function metrics(): Promise<Map<string, string>> {
  const { services } = stack.endpoints
  const pages = Object.entries(services).map(async ([name, { management }]) => {
    const { status, body } = await request(`${management}/metrics`, { from: '127.0.0.1' })
    if (status !== 200) throw new Error(`${name} has no metrics: ${status}`)
    return [`metrics of ${name}`, body] as const
  })
  return new Map(await Promise.all(pages))
}

/** Every place there is, by name, as it stands now. */
async function places(): Promise<readonly (readonly [string, string])[]> {
  return [
    ...logs(),
    ...(await metrics()),
    ['answers', seen.join('\n')],
    ['backend', JSON.stringify(gate.backend.received)],
  ]
}

/** Where a text stands, of all places there are. */
async function findings(text: string): Promise<string[]> {
  return (await places()).filter(([, content]) => content.includes(text)).map(([name]) => name)
}

/** What somebody could look a secret up by, or take for hidden: any of it gives it away, or tells that it was here. */
function otherSpellings(secret: string): string[] {
  const encodings = ['hex', 'base64', 'base64url'] as const
  const hashed = ['sha1', 'sha256', 'sha512'].flatMap((algorithm) =>
    encodings.map((encoding) => hash(algorithm, secret, encoding)),
  )
  const encoded = encodings.map((encoding) => Buffer.from(secret).toString(encoding))
  const reversed = Array.from(secret).toReversed().join('')
  const all = [...hashed, ...encoded, reversed, encodeURIComponent(`=${secret}`)]
  return all.map((spelling) => spelling.replace(/=+$/, ''))
}

/** A beginning that would do as a clue. All our tokens begin alike: of those it is the signature's. */
function beginningOf(secret: string): string {
  const [, , signature = secret] = secret.split('.')
  return signature.slice(0, 40)
}

describe('LOG-2 W51 R0.5 a secret', () => {
  it('is found by the search where it does stand', async () => {
    appendFileSync(join(stack.stateFolder, 'logs/auth-sidecar.log'), 'planted-canary\n')
    seen.push('planted-in-an-answer')
    expect(await findings('planted-canary')).toEqual(['auth-sidecar.log'])
    expect(await findings('planted-in-an-answer')).toEqual(['answers'])
    expect(await findings('sallyport_sockets_accepted_total')).toEqual(['metrics of ws-backend'])
    expect((await findings('/ws')).sort()).toContain('second access log')
  })

  it('LOG-2 W51 of every kind was carried around', () => {
    expect([...secrets.keys()].sort()).toEqual([
      'burnt ticket',
      'cookie auth_token',
      'cookie sallyport_device',
      'cookie sessionId',
      'password',
      'session cookie',
      'signature',
      'ticket',
      'token',
    ])
  })

  it('LOG-2 W51 stands in no log, metric, answer or close reason, nor at the backend', async () => {
    for (const [name, secret] of secrets) {
      expect(secret.length).toBeGreaterThan(8)
      const found = await findings(secret)
      expect([name, found]).toEqual([name, []])
    }
  })

  it('LOG-2 stands there in no other spelling: hashed for a look-up, reversed, encoded, or cut short', async () => {
    const searched = await places()
    for (const [name, secret] of secrets) {
      for (const spelling of [...otherSpellings(secret), beginningOf(secret)]) {
        const found = searched.filter(([, content]) => content.includes(spelling))
        expect([name, spelling, found.map(([place]) => place)]).toEqual([name, spelling, []])
      }
    }
  })

  it('AUT-15 a query string stands in no log', async () => {
    expect((await findings(marks.query)).filter((name) => name !== 'answers')).toEqual([])
    expect(await findings('access_token=')).toEqual([])
  })
})

/** C0 and C1 controls but for the tab, line separators, and marks that turn the direction of writing. */
function actsOnTerminals(character: string): boolean {
  const code = character.codePointAt(0) ?? 0
  const ranges = [
    [0x00, 0x08],
    [0x0a, 0x1f],
    [0x7f, 0x9f],
    [0x200e, 0x200f],
    [0x2028, 0x202e],
    [0x2066, 0x2069],
  ] as const
  return ranges.some(([from, to]) => code >= from && code <= to)
}

describe('LOG-3 what a client writes', () => {
  it('LOG-3 arrived: its traces stand in a log', async () => {
    const logged = [...logs().values()].join('\n')
    // Lower case or not: a service may fold an origin.
    expect(logged.toLowerCase()).toContain(marks.origin.toLowerCase())
    expect(logged.toLowerCase()).toContain(marks.path.toLowerCase())
  })

  it('LOG-3 puts no control or direction character into any line', () => {
    for (const [name, content] of logs()) {
      const torn = content.split('\n').filter((line) => Array.from(line).some(actsOnTerminals))
      expect([name, torn.slice(0, 3)]).toEqual([name, []])
    }
  })

  it('LOG-3 forges no line and no field: every line of a service is one object of our making', () => {
    const least = { 'auth-sidecar.log': 100, 'ws-backend.log': 3, 'traefik-access.log': 100 }
    for (const [name, count] of Object.entries(least)) {
      const lines = (logs().get(name) ?? '').split('\n').filter((line) => line !== '')
      expect(lines.length).toBeGreaterThan(count)
      for (const line of lines.filter((each) => each !== 'planted-canary')) {
        const fields = JSON.parse(line) as Record<string, unknown>
        expect(fields).not.toHaveProperty('forged')
        expect(fields['level']).not.toBe('fatal')
      }
    }
  })

  it('LOG-3 W53 comes back in no answer', async () => {
    const answered = seen.join('\n').toLowerCase()
    for (const mark of Object.values(marks)) expect(answered).not.toContain(mark.toLowerCase())
    expect(answered).not.toContain('jndi')
  })

  it('LOG-3 becomes no name or label of a metric', async () => {
    for (const [, page] of await metrics()) {
      for (const mark of [...Object.values(marks), 'jndi', 'forged', 'alice', alice.sessionId]) {
        expect(page.toLowerCase()).not.toContain(mark.toLowerCase())
      }
    }
  })
})
