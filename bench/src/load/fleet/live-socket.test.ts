import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { openLiveSocket } from './live-socket.ts'

let server: Server | undefined
afterEach(() => void server?.close())

/** Answers a handshake with this, and hands the connection over. */
async function serve(answer: Buffer | string, attend: (peer: Socket) => void = () => {}) {
  server = createServer((peer) => {
    peer.on('error', () => {})
    peer.once('data', () => {
      peer.write(answer)
      attend(peer)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    origin: 'http://localhost',
    token: 't',
    localAddress: '127.9.9.9',
    sessionId: 's',
    gate: 0,
  }
}

const accepted = 'HTTP/1.1 101 Switching Protocols\r\n\r\n'
const text = (message: object) => {
  const payload = Buffer.from(JSON.stringify(message))
  return Buffer.concat([Buffer.from([0x81, payload.length]), payload])
}
const welcome = text({ type: 'welcome' })
const closing = Buffer.from([0x88, 2, 0x11, 0x3a])

it('is open once the welcome is there, be it in the same breath as the 101', async () => {
  const options = await serve(Buffer.concat([Buffer.from(accepted), welcome]))
  const socket = await openLiveSocket(options)
  expect(socket.seen()).toMatchObject({ closeAtMs: undefined, endedAtMs: undefined })
  socket.cut()
  await socket.ended
})

it('remembers the last message, and takes the advice before a close for none', async () => {
  let peer: Socket | undefined
  const options = await serve(accepted, (connected) => {
    peer = connected
    connected.write(welcome)
  })
  const socket = await openLiveSocket(options)
  const heard = Promise.withResolvers<string>()
  socket.listen(heard.resolve)
  peer?.write(text({ type: 'event' }))
  expect(await heard.promise).toBe('{"type":"event"}')
  const before = socket.seen().messageAtMs
  const replied = once(peer as Socket, 'data') as Promise<[Buffer]>
  peer?.write(Buffer.concat([text({ type: 'disconnect' }), closing]))
  const [reply] = await replied
  // A masked close frame of two bytes.
  expect([reply[0], reply[1], reply.length]).toEqual([0x88, 0x82, 8])
  peer?.end()
  await socket.ended
  const seen = socket.seen()
  expect(seen).toMatchObject({ messageAtMs: before, closeCode: 4410 })
  expect(seen.closeAtMs).toBeGreaterThan(before ?? Infinity)
  expect(seen.endedAtMs).toBeGreaterThanOrEqual(seen.closeAtMs ?? Infinity)
})

it('answers a ping', async () => {
  const answered = Promise.withResolvers<Buffer>()
  const options = await serve(accepted, (peer) => {
    peer.write(Buffer.concat([welcome, Buffer.from([0x89, 1, 7])]))
    peer.once('data', answered.resolve)
  })
  const socket = await openLiveSocket(options)
  const pong = await answered.promise
  expect([pong[0], (pong[6] ?? 0) ^ (pong[2] ?? 0)]).toEqual([0x8a, 7])
  socket.cut()
})

it.each<[string, string, (peer: Socket) => void]>([
  ['refused with 503', 'HTTP/1.1 503 Service Unavailable\r\n\r\n', () => {}],
  ['ended (no close frame)', accepted, (peer) => void peer.end()],
  ['ended (4410)', accepted, (peer) => void peer.end(closing)],
])('tells how it was not opened: %s', async (how, answer, attend) => {
  await expect(openLiveSocket(await serve(answer, attend))).rejects.toThrow(how)
})
