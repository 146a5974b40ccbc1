// A handshake written by hand on a TCP socket: what no WebSocket library would send.

import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { freshAddress } from './source-address.ts'
import type { Stack } from './stack.ts'

export type RawAnswer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The connection, still open after a 101. */
  readonly socket: Socket
}

type HeaderLine = readonly [name: string, value: string]

export type RawUpgrade = {
  readonly method?: string
  readonly target?: string
  /** Further header lines, as they are, in order. */
  readonly headers?: readonly HeaderLine[]
  /** Names of usual lines to leave out. */
  readonly without?: readonly string[]
  readonly from?: string
  readonly timeoutMs?: number
}

/** Sends one upgrade through Traefik and reads the head of the answer (and the body of a refusal). */
export function rawUpgrade(
  stack: Pick<Stack, 'endpoints'>,
  upgrade: RawUpgrade = {},
): Promise<RawAnswer> {
  const {
    method = 'GET',
    target = '/ws',
    headers = [],
    without = [],
    from = freshAddress(),
  } = upgrade
  const { host, port } = new URL(stack.endpoints.public)
  const usual: HeaderLine[] = [
    ['Host', host],
    ['Connection', 'Upgrade'],
    ['Upgrade', 'websocket'],
    ['Sec-WebSocket-Version', '13'],
    ['Sec-WebSocket-Key', randomBytes(16).toString('base64')],
    ['Origin', stack.endpoints.public],
  ]
  const lines = [...usual.filter(([name]) => !without.includes(name)), ...headers]
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const socket = connect({ host: '127.0.0.1', port: Number(port), localAddress: from })
  socket.write(`${method} ${target} HTTP/1.1\r\n${head}\r\n`)
  return readAnswer(socket, upgrade.timeoutMs ?? 20_000)
}

function readAnswer(socket: Socket, timeoutMs: number): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    let received = ''
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('no answer in time')))
    socket.on('error', reject)
    socket.on('close', () => reject(new Error(`closed without a whole answer: ${received}`)))
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1')
      const end = received.indexOf('\r\n\r\n')
      if (end < 0) return
      const answer = parseHead(received.slice(0, end))
      const body = wholeBody(answer, received.slice(end + 4))
      if (body === undefined) return
      socket.removeAllListeners('close').removeAllListeners('data').setTimeout(0)
      if (answer.status !== 101) socket.destroy()
      resolve({ ...answer, body, socket })
    })
  })
}

/** The body once it is whole, else undefined. */
function wholeBody(
  { status, headers }: Pick<RawAnswer, 'status' | 'headers'>,
  rest: string,
): string | undefined {
  if (status === 101) return rest
  if (headers['transfer-encoding'] !== 'chunked') {
    return rest.length >= Number(headers['content-length'] ?? 0) ? rest : undefined
  }
  if (!rest.endsWith('0\r\n\r\n')) return undefined
  return rest
    .split('\r\n')
    .filter((_line, index) => index % 2 === 1)
    .join('')
}

function parseHead(head: string): Pick<RawAnswer, 'status' | 'headers'> {
  const [statusLine = '', ...lines] = head.split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line) => {
      const separator = line.indexOf(':')
      return [line.slice(0, separator).toLowerCase(), line.slice(separator + 1).trim()]
    }),
  )
  return { status: Number(statusLine.split(' ')[1]), headers }
}
