// Ends of authority against clients that do not cooperate, over real sockets: whatever ends it and whatever they do,
// nothing of theirs is handled after the mark, and their connection is gone within the grace.

import { afterEach, describe, expect, it } from 'vitest'
import { clientFrame, opcodes, type RawClient } from '../testing/raw-client.ts'
import { startTestBackend, type TestBackend } from '../testing/test-backend.ts'

let running: TestBackend | undefined

afterEach(async () => {
  await running?.close()
  running = undefined
})

const endGraceMs = 300
const channel = 'room:a'
const evil = clientFrame(
  opcodes.text,
  JSON.stringify({ type: 'publish', data: { channel, data: { by: 'attacker' } } }),
)

/** A client may say as much as it likes, and leave as much unread. */
const limits = {
  endGraceMs,
  messagesPerSecond: 1e9,
  messageBurst: 1e9,
  publishBytesPerSecond: 1e9,
  publishBurstBytes: 1e9,
  maxBufferedBytes: 1e9,
}

/** Writes as fast as the socket takes it, until it is gone. */
function pump({ socket }: RawClient, bytes: Buffer): void {
  const more = () => {
    if (socket.writable) socket.write(bytes, () => setImmediate(more))
  }
  more()
}

const times = (count: number, bytes: Buffer) =>
  Buffer.concat(Array.from({ length: count }, () => bytes))

/** What a client does from before the end on; none of them ever answers a close frame. */
const behaviours: Readonly<Record<string, (client: RawClient) => void>> = {
  'says nothing': () => {},
  'floods with messages': (client) => pump(client, times(50, evil)),
  // One at a time: more of them would be cut for themselves.
  'pings without pause': (client) => pump(client, clientFrame(opcodes.ping, 'x')),
  'sends a byte at a time': (client) => {
    let at = 0
    const more = () => {
      if (!client.socket.writable) return
      client.socket.write(evil.subarray(at, at + 1), () => setImmediate(more))
      at = (at + 1) % evil.length
    }
    more()
  },
  'stops within the header of a frame': (client) => client.write(evil.subarray(0, 3)),
  'stops within the body of a frame': (client) => client.write(evil.subarray(0, 20)),
  'never ends a message of many frames': (client) => {
    client.write(clientFrame(opcodes.text, '{"type":"publish",', false))
    client.write(clientFrame(opcodes.continuation, ' ', false))
  },
  'reads nothing': (client) => client.socket.pause(),
  'reads nothing and floods': (client) => {
    client.socket.pause()
    pump(client, times(50, evil))
  },
}

const ends = [
  ['its session ends', 600_000, 4410],
  ['it expires', 400, 4401],
] as const

describe.each(ends)('when %s', (_, ttlMs, code) => {
  it.each(
    Object.keys(behaviours),
  )('SES-3 W87 W91 RX.1 a client that %s has nothing handled after it, and is gone in time', async (name) => {
    running = await startTestBackend({ limits })
    const { openLive, sidecar, logged } = running
    await sidecar.feedOpened()
    sidecar.say({ type: 'position', epoch: 'epoch-1', sequence: 0 })
    const witness = await openLive({ subject: 'bob', username: 'bob', sessionId: 'session-2' })
    witness.send({ type: 'subscribe', data: { channel } })
    await witness.message('subscribed')
    const attacker = await openLive({ ttlMs })
    behaviours[name]?.(attacker)
    if (code === 4410) {
      const scope = 'everything'
      const [sessionId, subject] = ['session-1', 'alice']
      sidecar.say({ type: 'session-ended', sequence: 1, sessionId, subject, scope })
    }
    const reads = !attacker.socket.isPaused()
    if (reads) await attacker.frame(({ opcode }) => opcode === opcodes.close)
    else expect(await logged('connection closed')).toMatchObject({ code })
    const toldAtMs = performance.now()
    // Whatever was handled before the mark has reached the witness when this comes back to it.
    witness.send({ type: 'publish', data: { channel, data: { by: 'witness' } } })
    await witness.frame(({ json }) => byOf(json) === 'witness')
    const handled = witness.messages().length
    expect(await logged('connection closed')).toMatchObject({ code })
    attacker.socket.resume()
    await attacker.closed
    expect(performance.now() - toldAtMs).toBeLessThan(endGraceMs + 1000)
    witness.send({ type: 'subscribe', id: 'last', data: { channel } })
    await witness.frame(({ json }) => json?.id === 'last')
    expect(witness.messages().slice(handled).map(byOf)).toEqual([undefined])
    const heard = attacker.messages().map(({ type }) => type)
    if (reads) expect(heard.at(-1)).toBe('disconnect')
  })
})

function byOf(message: ReturnType<RawClient['messages']>[number] | undefined): unknown {
  return (message?.data?.['data'] as { by?: string } | undefined)?.by
}
