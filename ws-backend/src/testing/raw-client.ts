// A WebSocket client without manners: writes whatever bytes a test wants and never answers by itself. Test code only.

import { randomBytes } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'
import { clientTlsOptions, type TlsIdentity } from '@sallyport/service-kit/mutual-tls'

/** A frame from the server; `json` is the parsed payload of a text frame. */
type ServerFrame = {
  readonly opcode: number
  readonly payload: Buffer
  readonly json?: {
    readonly type: string
    readonly id?: string
    readonly data?: Record<string, unknown>
  }
}

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** Opens mutual TLS to the backend. */
export async function connectTls(port: number, identity: TlsIdentity): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', ...clientTlsOptions(identity, 'ws-backend') })
  socket.on('error', () => {}) // a test reads it off 'close'
  await once(socket, 'secureConnect')
  return socket
}

/** A fresh Sec-WebSocket-Key. */
export function makeWebSocketKey(): string {
  return randomBytes(16).toString('base64')
}

/** The text of an upgrade request; an array as value repeats the header, undefined leaves it out. */
export function upgradeText(
  webSocketKey: string,
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  target = '/ws',
): string {
  const all = {
    Host: 'ws-backend',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': webSocketKey,
    ...headers,
  }
  const lines = Object.entries(all).flatMap(([name, value]) =>
    [value ?? []].flat().map((entry) => `${name}: ${entry}`),
  )
  return `GET ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
}

/** A masked client frame. */
export function clientFrame(opcode: number, payload: string | Buffer, isFinal = true): Buffer {
  const body = Buffer.from(payload)
  const mask = randomBytes(4)
  const masked = body.map((byte, index) => byte ^ (mask[index % 4] ?? 0))
  const length =
    body.length < 126
      ? Buffer.from([0x80 | body.length])
      : Buffer.from([0x80 | 126, body.length >> 8, body.length & 0xff])
  return Buffer.concat([Buffer.from([(isFinal ? 0x80 : 0) | opcode]), length, mask, masked])
}

/** Sends an upgrade and reads what comes back as frames, or as an HTTP answer. */
export async function openRawClient(socket: TLSSocket, request: string | Buffer) {
  const events = new EventEmitter()
  const frames: ServerFrame[] = []
  let buffered = Buffer.alloc(0)
  let head: string | undefined
  // Not `once`: it would reject for a reset, which is a way of being closed like any other.
  const closed = new Promise<undefined>((resolve) => {
    socket.once('close', () => resolve(undefined))
  })
  const arrived = Promise.race([once(events, 'head'), closed])

  socket.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk])
    if (head === undefined) {
      const end = buffered.indexOf('\r\n\r\n')
      if (end < 0) return
      head = buffered.subarray(0, end).toString()
      buffered = buffered.subarray(end + 4)
      events.emit('head')
    }
    if (!head.startsWith('HTTP/1.1 101')) return
    for (let frame = takeFrame(); frame; frame = takeFrame()) {
      frames.push(frame)
      events.emit('frame')
    }
  })

  function takeFrame(): ServerFrame | undefined {
    if (buffered.length < 2) return undefined
    const short = (buffered[1] ?? 0) & 0x7f
    const headerLength = short === 126 ? 4 : short === 127 ? 10 : 2
    if (buffered.length < headerLength) return undefined
    const length =
      short === 126
        ? buffered.readUInt16BE(2)
        : short === 127
          ? Number(buffered.readBigUInt64BE(2))
          : short
    if (buffered.length < headerLength + length) return undefined
    const payload = buffered.subarray(headerLength, headerLength + length)
    const opcode = (buffered[0] ?? 0) & 0x0f
    buffered = buffered.subarray(headerLength + length)
    return {
      opcode,
      payload,
      ...(opcode === opcodes.text && { json: JSON.parse(payload.toString()) }),
    }
  }

  socket.write(request)
  await arrived

  return {
    socket,
    head: () => head ?? '',
    status: () => Number(head?.split(' ')[1]),
    /** The body of a refusal; complete once the socket is closed. */
    body: () => JSON.parse(buffered.toString()) as Record<string, unknown>,
    frames,
    messages: () => frames.flatMap(({ json }) => (json ? [json] : [])),
    closed,
    /** The first frame that fits, past or future; rejects when the socket closes before. */
    async frame(fits: (frame: ServerFrame) => boolean): Promise<ServerFrame> {
      for (;;) {
        const found = frames.find(fits)
        if (found) return found
        const more = await Promise.race([once(events, 'frame'), closed])
        if (!more && !frames.some(fits)) throw new Error('the socket closed before the frame came')
      }
    },
    async message(type: string) {
      const { json } = await this.frame((frame) => frame.json?.type === type)
      return json?.data ?? {}
    },
    /** The code of the server's close frame. */
    async closeCode(): Promise<number> {
      const { payload } = await this.frame(({ opcode }) => opcode === opcodes.close)
      return payload.readUInt16BE(0)
    },
    send: (message: unknown) => socket.write(clientFrame(opcodes.text, JSON.stringify(message))),
    write: (bytes: Buffer) => socket.write(bytes),
  }
}

export type RawClient = Awaited<ReturnType<typeof openRawClient>>
