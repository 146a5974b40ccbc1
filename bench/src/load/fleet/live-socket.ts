// One socket through Traefik that stays: a client that behaves (answers pings and close frames) and remembers when what
// came. Raw TCP; knows no order and no figure.

import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { closeCodeOf, createFrameReader, type Frame, maskedFrame, opcodes } from './frames.ts'

/** When (`performance.now`, ms) what came last; undefined as long as it has not come. */
export type Seen = {
  /** Any message but the advice before a close. */
  readonly messageAtMs: number | undefined
  readonly closeAtMs: number | undefined
  readonly closeCode: number | undefined
  /** TCP ended. */
  readonly endedAtMs: number | undefined
}

export type LiveSocket = {
  readonly sessionId: string
  /** Place of its gate. */
  readonly gate: number
  readonly seen: () => Seen
  /** Does nothing on a socket that has ended. */
  readonly send: (message: object) => void
  /** Calls back with every message from now on; undefined calls nobody any more. */
  readonly listen: (onText: ((text: string) => void) | undefined) => void
  readonly ended: Promise<void>
  readonly cut: () => void
}

export type OpenOptions = {
  readonly port: number
  readonly origin: string
  readonly token: string
  readonly localAddress: string
  readonly sessionId: string
  readonly gate: number
}

const patienceMs = 20_000

/** Resolves once the welcome is there; rejects with the status of a refusal, or how it broke. */
export async function openLiveSocket(options: OpenOptions): Promise<LiveSocket> {
  const { port, localAddress } = options
  const socket = connect({ host: '127.0.0.1', port, localAddress, noDelay: true })
  socket.once('connect', () => socket.write(requestText(options)))
  const { promise: welcomed, resolve, reject } = Promise.withResolvers<void>()
  const fail = (how: string) => {
    reject(new Error(how))
    socket.destroy()
  }
  const live = attend(socket, options, fail)
  live.listen((text) => {
    if (text.startsWith('{"type":"welcome"')) resolve()
  })
  void live.ended.then(() => fail(`ended (${live.seen().closeCode ?? 'no close frame'})`))
  const timer = setTimeout(() => fail('no welcome in time'), patienceMs)
  await welcomed.finally(() => clearTimeout(timer))
  live.listen(undefined)
  return live
}

function attend(
  socket: Socket,
  { sessionId, gate }: OpenOptions,
  fail: (how: string) => void,
): LiveSocket {
  const takeHead = createHeadReader(fail)
  const read = createFrameReader()
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  let seen: Seen = {
    messageAtMs: undefined,
    closeAtMs: undefined,
    closeCode: undefined,
    endedAtMs: undefined,
  }
  let onText: ((text: string) => void) | undefined

  const write = (opcode: number, payload: Uint8Array) => {
    if (socket.writable) socket.write(maskedFrame(opcode, payload))
  }
  function receive({ opcode, payload }: Frame): void {
    const atMs = performance.now()
    if (opcode === opcodes.text) {
      const text = payload.toString()
      if (!text.startsWith('{"type":"disconnect"')) seen = { ...seen, messageAtMs: atMs }
      onText?.(text)
    } else if (opcode === opcodes.ping) {
      write(opcodes.pong, payload)
    } else if (opcode === opcodes.close) {
      seen = { ...seen, closeAtMs: atMs, closeCode: closeCodeOf(payload) }
      write(opcodes.close, payload.subarray(0, 2))
    }
  }

  socket.on('data', (chunk: Buffer) => {
    for (const frame of read(takeHead(chunk))) receive(frame)
  })
  // What matters of it is told by `close`.
  socket.on('error', () => {})
  socket.once('close', () => {
    seen = { ...seen, endedAtMs: performance.now() }
    resolve()
  })
  return {
    sessionId,
    gate,
    ended,
    seen: () => seen,
    send: (message) => write(opcodes.text, Buffer.from(JSON.stringify(message))),
    listen(listener) {
      onText = listener
    },
    cut: () => socket.resetAndDestroy(),
  }
}

/** Returns what takes the head of a 101 off a stream and yields the bytes behind it; another answer is told. */
function createHeadReader(fail: (how: string) => void): (chunk: Buffer) => Buffer {
  const nothing = Buffer.alloc(0)
  let head: Buffer | undefined = nothing
  return (chunk) => {
    if (head === undefined) return chunk
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return nothing
    const [answer, rest] = [head.toString('latin1', 0, end), head.subarray(end + 4)]
    head = undefined
    const status = answer.split(' ', 2)[1]
    if (status === '101') return rest
    fail(`refused with ${status}`)
    return nothing
  }
}

/** No extension is offered: what is measured is not compression. */
function requestText({ origin, token }: OpenOptions): string {
  const headers = {
    host: new URL(origin).host,
    connection: 'Upgrade',
    upgrade: 'websocket',
    authorization: `Bearer ${token}`,
    origin,
    'sec-websocket-key': randomBytes(16).toString('base64'),
    'sec-websocket-protocol': 'sallyport.v1',
    'sec-websocket-version': '13',
    'user-agent': 'sallyport-bench',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `GET /ws HTTP/1.1\r\n${lines.join('')}\r\n`
}
