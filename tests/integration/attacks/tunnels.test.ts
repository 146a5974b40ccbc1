// Nothing but a proper upgrade opens a tunnel: answers of a backend that are no 101, requests glued behind a
// handshake, HTTP/2, bodies. The backend is scripted where its answer matters and the real one where its refusal does.

import { once } from 'node:events'
import {
  type ClientHttp2Session,
  connect as connectHttp2,
  type OutgoingHttpHeaders,
} from 'node:http2'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { maskedText } from '../../support/frames.ts'
import { withOrigin } from '../../support/gate.ts'
import { login, metric } from '../../support/http.ts'
import { goodbye, rawExchange } from '../../support/raw-exchange.ts'
import { rawUpgrade } from '../../support/raw-upgrade.ts'
import { type ScriptedBackend, startScriptedBackend } from '../../support/scripted-backend.ts'
import { freePort, type Part, startBackend, startTraefik } from '../../support/second-parts.ts'
import { freshAddress } from '../../support/source-address.ts'
import { readStack, type Stack } from '../../support/stack.ts'
import { until } from '../../support/until.ts'

const stack = { ...readStack(inject('stateFolder')), output: () => '', stop: async () => {} }
type Traefik = Part & Pick<Stack, 'endpoints'>

let scripted: ScriptedBackend
let scriptedGate: Traefik
let real: Part
let realGate: Traefik
let management: string
let token: string

beforeAll(async () => {
  scripted = await startScriptedBackend(stack)
  scriptedGate = await startTraefik(stack, { SALLYPORT_BACKEND_URL: scripted.url })
  const port = await freePort()
  management = `http://127.0.0.1:${port}`
  const backend = await startBackend(stack, { BACKEND_MANAGEMENT_PORT: `${port}` })
  real = backend
  realGate = await startTraefik(stack, { SALLYPORT_BACKEND_URL: backend.url })
  token = (await login(stack)).token
})
afterAll(async () => {
  for (const part of [scriptedGate, realGate, real]) await part?.stop()
  await scripted?.close()
})

const accepted = () => metric(management, 'sallyport_sockets_accepted_total')
const refused = () => metric(management, 'sallyport_upgrades_refused_total')

/** A handshake as text; `changes` replaces lines by name, an undefined one leaves the line out. */
function handshake(gate: Traefik, changes: Record<string, string | undefined> = {}): string {
  const lines: Record<string, string | undefined> = {
    Host: new URL(gate.endpoints.public).host,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    Origin: stack.endpoints.public,
    Authorization: `Bearer ${token}`,
    ...changes,
  }
  const text = Object.entries(lines).map(([name, value]) =>
    value === undefined ? '' : `${name}: ${value}\r\n`,
  )
  return `GET /ws HTTP/1.1\r\n${text.join('')}\r\n`
}

const smuggled = (host: string) => `GET /internal HTTP/1.1\r\nHost: ${host}\r\n\r\n`

describe('TRN-5 an answer that is no 101 never becomes a tunnel', () => {
  it.each([
    ['W36 426', 'HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n', 426],
    ['W36 200', 'HTTP/1.1 200 OK\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n', 200],
    ['W36 204 with Upgrade', 'HTTP/1.1 204 No Content\r\nUpgrade: websocket\r\n\r\n', 204],
    ['W36 101-shaped garbage', '101 Switching Protocols\r\n\r\n', 503],
    ['W36 no HTTP at all', '\x81\x05hello\r\n\r\n', 503],
    ['W36 101 without Upgrade', 'HTTP/1.1 101 Switching Protocols\r\n\r\n', 503],
    [
      'W37 101 to another protocol',
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
      503,
    ],
  ])('%s from the backend: what is pipelined behind never reaches it', async (_name, bytes, status) => {
    scripted.answerWith(bytes)
    const { host } = new URL(scriptedGate.endpoints.public)
    const before = scripted.requests()
    const { answers } = await rawExchange(
      scriptedGate,
      handshake(scriptedGate) + smuggled(host) + goodbye(scriptedGate),
    )
    expect(answers[0]?.status).toBe(status)
    expect(scripted.received()).not.toContain('/internal')
    // The handshake itself and the goodbye (`/ws/health`) may have come; nothing else.
    expect(scripted.requests() - before).toBeLessThanOrEqual(2)
  })

  it('W36 a handshake of the wrong version, then another request: two answers of the gate, none of the backend', async () => {
    const { host } = new URL(realGate.endpoints.public)
    const before = [await accepted(), await refused()]
    const { answers } = await rawExchange(
      realGate,
      handshake(realGate, { 'Sec-WebSocket-Version': '1337' }) + smuggled(host) + goodbye(realGate),
    )
    expect(answers.map(({ status }) => status)).toEqual([426, 404, 200])
    expect([await accepted(), await refused()]).toEqual(before)
  })

  it('W38 frames glued to a handshake that is refused are not processed', async () => {
    const before = [await accepted(), await refused()]
    const text = handshake(realGate, { Authorization: undefined })
    const glued = Buffer.concat([Buffer.from(text), maskedText('{"type":"publish"}')])
    const { answers } = await rawExchange(realGate, glued, { answers: 1 })
    expect(answers.map(({ status }) => status)).toEqual([401])
    expect([await accepted(), await refused()]).toEqual(before)
  })

  it('W38 frames glued to a handshake that is allowed are not read before it is decided', async () => {
    const subscribe = maskedText('{"type":"subscribe","id":"1","data":{"channel":"room:lobby"}}')
    const glued = Buffer.concat([Buffer.from(handshake(realGate)), subscribe])
    const text = await converse(realGate, glued, { until: '"welcome"' })
    // Traefik throws away what was sent before its 101; were it kept, its answer could only follow the welcome.
    expect(text.slice(0, text.indexOf('"welcome"'))).not.toContain('"subscribed"')
    expect(text.startsWith('HTTP/1.1 101 ')).toBe(true)
  })
})

type Conversation = {
  /** Sent as soon as the handshake was answered with 101. */
  readonly after?: Buffer
  /** Enough once this has come; without it the server must close. */
  readonly until?: string
}

/** Sends the bytes and resolves with everything received. */
function converse(gate: Traefik, bytes: Buffer, { after, until: mark }: Conversation) {
  const { port } = new URL(gate.endpoints.public)
  return new Promise<string>((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: Number(port), localAddress: freshAddress() })
    let text = ''
    let rest = after
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (rest && text.includes('\r\n\r\n')) {
        socket.write(rest)
        rest = undefined
      }
      if (mark !== undefined && text.includes(mark)) socket.destroy()
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(text))
    socket.write(bytes)
  })
}

describe('W16 an upgrade with a body', () => {
  it.each([
    ['Content-Length', { 'Content-Length': '5' }, 'hello', [400]],
    ['Transfer-Encoding: chunked', { 'Transfer-Encoding': 'chunked' }, '0\r\n\r\n', [400]],
    ['an obscured Transfer-Encoding', { 'Transfer-Encoding': ' xchunked' }, '', [400, 501]],
    ['both', { 'Content-Length': '5', 'Transfer-Encoding': 'chunked' }, '0\r\n\r\n', [400]],
    ['a negative Content-Length', { 'Content-Length': '-1' }, '', [400]],
    ['two Content-Lengths in one', { 'Content-Length': '5, 6' }, 'hello', [400]],
  ])('%s is refused: 400, no socket', async (_name, lines, body, statuses) => {
    const before = await accepted()
    const { answers } = await rawExchange(realGate, handshake(realGate, lines) + body, {
      answers: 1,
    })
    expect(statuses).toContain(answers[0]?.status)
    expect(await accepted()).toBe(before)
  })

  it('a request that hides in the body of a login, by two lengths, stays in nobody’s body', async () => {
    const { host } = new URL(realGate.endpoints.public)
    const hidden = `GET /internal HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`
    const text = [
      'POST /auth/login HTTP/1.1',
      `Host: ${host}`,
      `Origin: ${stack.endpoints.public}`,
      'Content-Type: application/json',
      `Content-Length: ${hidden.length + 5}`,
      'Transfer-Encoding: chunked',
      '',
      '0',
      '',
      hidden,
    ].join('\r\n')
    const { answers } = await rawExchange(realGate, text)
    // Traefik believes Transfer-Encoding (RFC 9112 6.3) and sends on a body of its own framing.
    expect(answers.map(({ status }) => status)).toEqual([400, 404])
  })
})

describe('W42 frames that RFC 6455 forbids, after the handshake', () => {
  const control = (first: number, payload: Buffer, masked = true) => {
    const mask = masked ? Buffer.alloc(4) : Buffer.alloc(0)
    return Buffer.concat([
      Buffer.from([first, (masked ? 0x80 : 0) | payload.length]),
      mask,
      payload,
    ])
  }
  it.each([
    ['an unmasked text', control(0x81, Buffer.from('{}'), false)],
    ['a reserved bit', control(0xc1, Buffer.from('{}'))],
    ['a reserved opcode', control(0x83, Buffer.from('{}'))],
    ['a reserved control opcode', control(0x8b, Buffer.alloc(0))],
    ['a fragmented ping', control(0x09, Buffer.alloc(0))],
    ['a continuation of nothing', control(0x80, Buffer.from('{}'))],
    ['a close frame of one byte', control(0x88, Buffer.from([3]))],
  ])('%s ends the socket with 1002', async (_name, frame) => {
    const text = await converse(realGate, Buffer.from(handshake(realGate)), { after: frame })
    expect(text).toContain('HTTP/1.1 101 ')
    // A close frame: 0x88, its length, the code 1002 in two bytes, perhaps a reason.
    const code = text.indexOf('\x03\xea')
    expect([code > 2, text[code - 2]]).toEqual([true, '\x88'])
  })
})

describe('W40 TRN-6 TRN-7 HTTP/2', () => {
  async function openSession(): Promise<ClientHttp2Session> {
    const { port } = new URL(realGate.endpoints.public)
    const session = connectHttp2(`http://127.0.0.1:${port}`, {
      createConnection: () =>
        connect({ host: '127.0.0.1', port: Number(port), localAddress: freshAddress() }),
    })
    session.on('error', () => {})
    await once(session, 'remoteSettings')
    return session
  }

  /** The status of a request over HTTP/2; `cut` when the stream or the session was reset. */
  async function ask(headers: OutgoingHttpHeaders): Promise<number | 'cut'> {
    const session = await openSession()
    const status = await new Promise<number | 'cut'>((resolve) => {
      session.on('close', () => resolve('cut'))
      try {
        const stream = session.request(headers, { endStream: headers[':method'] !== 'CONNECT' })
        stream.on('response', (answer) => resolve(answer[':status'] ?? 'cut'))
        stream.on('error', () => resolve('cut'))
        stream.on('close', () => resolve('cut'))
        stream.resume()
      } catch {
        resolve('cut')
      }
    })
    session.destroy()
    return status
  }

  const credentials = () => ({
    origin: stack.endpoints.public,
    authorization: `Bearer ${token}`,
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  })

  it('TRN-6 does not advertise extended CONNECT', async () => {
    const session = await openSession()
    expect(session.remoteSettings.enableConnectProtocol ?? false).toBe(false)
    session.destroy()
  })

  it('TRN-6 refuses extended CONNECT with and without a credential', async () => {
    const before = [await accepted(), await refused()]
    const connectWebSocket = {
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':scheme': 'http',
      ':path': '/ws',
      ':authority': new URL(realGate.endpoints.public).host,
    }
    for (const more of [{}, credentials()]) {
      const status = await ask({ ...connectWebSocket, ...more })
      expect(status === 'cut' || status >= 400).toBe(true)
    }
    expect([await accepted(), await refused()]).toEqual(before)
  })

  it('W40 a GET over HTTP/2 with every credential is asked to upgrade properly', async () => {
    expect(await ask({ ':path': '/ws', ...credentials() })).toBe(426)
  })

  it('TRN-7 refuses headers of the connection, which HTTP/2 forbids', async () => {
    const before = [await accepted(), await refused()]
    const host = new URL(realGate.endpoints.public).host
    const forbidden = [
      ['connection', 'upgrade'],
      ['upgrade', 'websocket'],
      ['transfer-encoding', 'chunked'],
    ] as const
    for (const [name, value] of forbidden) {
      const status = await askRaw(host, [...Object.entries(credentials()), [name, value]])
      expect([name, status]).not.toEqual([name, 'answered'])
    }
    expect([await accepted(), await refused()]).toEqual(before)
  })

  it('TRN-7 refuses a line break in a value', async () => {
    const host = new URL(realGate.endpoints.public).host
    expect(await askRaw(host, [['x-a', '1\r\nx-auth-user: admin']])).not.toBe('answered')
    // The same frames by hand with nothing forbidden in them are answered: the two tests above mean something.
    expect(await askRaw(host, [['x-a', '1']])).toBe('answered')
  })

  type RawOutcome = 'answered' | 'malformed' | 'cut'

  /** One GET /ws with HTTP/2 frames made by hand, because no library sends what is forbidden. */
  async function askRaw(
    host: string,
    lines: readonly (readonly [string, string])[],
  ): Promise<RawOutcome> {
    const text = (value: string) => Buffer.concat([lengthOf(value), Buffer.from(value, 'latin1')])
    const literal = ([name, value]: readonly [string, string]) =>
      Buffer.concat([Buffer.from([0]), text(name), text(value)])
    const block = Buffer.concat([
      ...[
        [':method', 'GET'],
        [':scheme', 'http'],
        [':path', '/ws'],
        [':authority', host],
      ].map((line) => literal(line as [string, string])),
      ...lines.map(literal),
    ])
    const frame = (type: number, flags: number, stream: number, payload: Buffer) =>
      Buffer.concat([
        Buffer.from([0, payload.length >> 8, payload.length & 255, type, flags, 0, 0, 0, stream]),
        payload,
      ])
    const bytes = Buffer.concat([
      Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
      frame(4, 0, 0, Buffer.alloc(0)),
      frame(1, 0x5, 1, block),
    ])
    return firstFrameOfStream(bytes)
  }

  /** HPACK string length, 7-bit prefix, no Huffman. */
  function lengthOf({ length }: string): Buffer {
    if (length < 127) return Buffer.from([length])
    const digits = [127]
    let rest = length - 127
    for (; rest >= 128; rest = Math.floor(rest / 128)) digits.push((rest % 128) | 128)
    return Buffer.from([...digits, rest])
  }

  async function firstFrameOfStream(bytes: Buffer): Promise<RawOutcome> {
    const { port } = new URL(realGate.endpoints.public)
    const socket = connect({ host: '127.0.0.1', port: Number(port), localAddress: freshAddress() })
    let received = Buffer.alloc(0)
    let outcome: RawOutcome | undefined
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      for (let at = 0; at + 9 <= received.length; at += 9 + received.readUIntBE(at, 3)) {
        const [type, stream] = [received[at + 3], received[at + 8]]
        if (stream === 1 && type === 1) {
          // 0x8c: `:status: 400` of HPACK's static table.
          outcome ??= received[at + 9] === 0x8c ? 'malformed' : 'answered'
        }
        if ((stream === 1 && type === 3) || type === 7) outcome ??= 'cut'
      }
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      outcome ??= 'cut'
    })
    socket.write(bytes)
    const result = await until('an answer on the stream', () => outcome)
    socket.destroy()
    return result
  }
})

describe('W41 a target that names another host', () => {
  it('is never dialled: an absolute form or a foreign Host reaches the same backend or nobody', async () => {
    for (const target of ['http://evil.example/ws', `${stack.endpoints.management}/ws`]) {
      const upgrade = withOrigin(
        { target, headers: [['Authorization', `Bearer ${token}`]] },
        stack.endpoints.public,
      )
      const before = scripted.requests()
      scripted.answerWith('HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n')
      const answer = await rawUpgrade(scriptedGate, upgrade)
      // Either Traefik refuses the form, or what answered is our own backend.
      expect(scripted.requests() > before ? 426 : 400).toBe(answer.status)
    }
  })
})
