// Bytes on one TCP connection, and every answer that came back on it until the server closed.
// For requests that are no requests, and for what hides behind one.

import { connect } from 'node:net'
import { freshAddress } from './source-address.ts'
import type { Stack } from './stack.ts'

export type PlainAnswer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export type Exchange = { readonly answers: readonly PlainAnswer[]; readonly text: string }

type ExchangeOptions = {
  readonly from?: string
  readonly timeoutMs?: number
  /** Enough after so many whole answers; without it the server must close. */
  readonly answers?: number
}

/** A last request that makes the server close: what stands before it is answered first. */
export function goodbye(stack: Pick<Stack, 'endpoints'>): string {
  const { host } = new URL(stack.endpoints.public)
  return `GET /ws/health HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`
}

/** Sends the bytes in one piece; resolves when the server closed or has said enough, rejects when it does neither. */
export function rawExchange(
  stack: Pick<Stack, 'endpoints'>,
  bytes: string | Buffer,
  { from = freshAddress(), timeoutMs = 15_000, answers: enough }: ExchangeOptions = {},
): Promise<Exchange> {
  const { port } = new URL(stack.endpoints.public)
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect({ host: '127.0.0.1', port: Number(port), localAddress: from })
    socket.setTimeout(timeoutMs, () => {
      socket.destroy()
      reject(new Error(`the server neither answered nor closed: ${text.slice(0, 200)}`))
    })
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (enough !== undefined && parseAnswers(text).length >= enough) socket.destroy()
    })
    // A server that refuses may reset the connection while we still write: what it said before counts.
    socket.on('error', () => {})
    socket.on('close', () => resolve({ text, answers: parseAnswers(text) }))
    socket.write(bytes)
  })
}

/** The whole answers in what a connection received, in order; a 101 swallows the rest. */
export function parseAnswers(text: string): PlainAnswer[] {
  const answers: PlainAnswer[] = []
  let rest = text
  while (rest.startsWith('HTTP/1.')) {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) return answers
    const { status, headers } = parseHead(rest.slice(0, end))
    const read = readBody(status, headers, rest.slice(end + 4))
    if (!read) return answers
    answers.push({ status, headers, body: read.body })
    rest = rest.slice(end + 4 + read.length)
  }
  return answers
}

function parseHead(head: string): Pick<PlainAnswer, 'status' | 'headers'> {
  const [statusLine = '', ...lines] = head.split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line) => {
      const separator = line.indexOf(':')
      return [line.slice(0, separator).toLowerCase(), line.slice(separator + 1).trim()]
    }),
  )
  return { status: Number(statusLine.split(' ')[1]), headers }
}

type Body = { readonly body: string; readonly length: number }

/** The body and how long it is on the wire; undefined when it is not whole yet. */
function readBody(
  status: number,
  headers: Readonly<Record<string, string>>,
  rest: string,
): Body | undefined {
  if (status === 101) return { body: rest, length: rest.length }
  if (headers['transfer-encoding'] === 'chunked') return readChunks(rest)
  const length = Number(headers['content-length'] ?? 0)
  return length > rest.length ? undefined : { body: rest.slice(0, length), length }
}

function readChunks(rest: string): Body | undefined {
  let body = ''
  let position = 0
  for (;;) {
    const lineEnd = rest.indexOf('\r\n', position)
    if (lineEnd < 0) return undefined
    const size = Number.parseInt(rest.slice(position, lineEnd), 16)
    position = lineEnd + 2 + size + 2
    if (!(size > 0)) return { body, length: position }
    body += rest.slice(lineEnd + 2, lineEnd + 2 + size)
  }
}
