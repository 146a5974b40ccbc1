// Sockets of a whole backend against clients that mean harm: what ends, ends, and nothing is handled after it.

import { afterEach, describe, expect, it } from 'vitest'
import { clientFrame, opcodes, type RawClient } from '../testing/raw-client.ts'
import {
  startTestBackend,
  type TestBackend,
  type TestBackendOptions,
} from '../testing/test-backend.ts'

let running: TestBackend | undefined

afterEach(async () => {
  await running?.close()
  running = undefined
})

async function start(options?: TestBackendOptions): Promise<TestBackend> {
  running = await startTestBackend(options)
  await running.sidecar.feedOpened()
  running.sidecar.say({ type: 'position', epoch: 'epoch-1', sequence: 0 })
  return running
}

const sessionEnded = {
  type: 'session-ended',
  sequence: 1,
  sessionId: 'session-1',
  subject: 'alice',
  scope: 'everything',
} as const

const subscribe = { type: 'subscribe', id: 's', data: { channel: 'room:a' } }
const publish = (n: number) => ({ type: 'publish', data: { channel: 'room:a', data: { n } } })

/** A client may say as much as it likes. */
const unlimited = {
  messagesPerSecond: 1e9,
  messageBurst: 1e9,
  publishBytesPerSecond: 1e9,
  publishBurstBytes: 1e9,
}

/** Publishes as fast as the socket takes it until it is gone, and never answers a close frame. */
function flood(client: RawClient): void {
  const frames = Buffer.concat(
    Array.from({ length: 50 }, () => clientFrame(opcodes.text, JSON.stringify(publish(666)))),
  )
  const pump = () => {
    if (client.socket.writable) client.socket.write(frames, () => setImmediate(pump))
  }
  pump()
}

describe('the socket of a revoked session', () => {
  it('RX.1 ends with advice and 4410 when its session ends', async () => {
    const { openLive, sidecar, logged } = await start()
    const client = await openLive()
    sidecar.say(sessionEnded)
    expect(await client.message('disconnect')).toEqual({
      code: 4410,
      reason: 'session-revoked',
      category: 'auth',
      reconnect: false,
      refresh: false,
    })
    expect(await client.closeCode()).toBe(4410)
    expect(await logged('connection closed')).toMatchObject({
      code: 4410,
      reason: 'session-revoked',
    })
  })

  it('RX.1 has not one message handled after the mark, though the client ignores the close and floods', async () => {
    const { open, openLive, sidecar } = await start({
      limits: {
        ...unlimited,
        maxBufferedBytes: 1e9,
        endGraceMs: 1000,
      },
    })
    const witness = await openLive({ subject: 'bob', username: 'bob', sessionId: 'session-2' })
    witness.send(subscribe)
    await witness.message('subscribed')
    const attacker = await open()
    await attacker.message('welcome')
    flood(attacker)
    await witness.message('event')
    const saidAtMs = performance.now()
    sidecar.say(sessionEnded)
    await attacker.frame(({ opcode }) => opcode === opcodes.close)
    // Everything that was handled before the mark reaches the witness before this event does.
    witness.send({ type: 'publish', data: { channel: 'room:a', data: { n: 1 } } })
    await witness.frame(({ json }) => (json?.data?.['data'] as { n?: number })?.n === 1)
    const handled = witness.messages().length
    await attacker.closed
    expect(performance.now() - saidAtMs).toBeLessThan(2500)
    witness.send({ type: 'subscribe', id: 'last', data: { channel: 'room:b' } })
    await witness.frame(({ json }) => json?.id === 'last')
    expect(
      witness
        .messages()
        .slice(handled)
        .map(({ type }) => type),
    ).toEqual(['subscribed'])
  })

  it('RX.1 is cut within the grace although the client never reads', async () => {
    const { openLive, sidecar, logged } = await start({ limits: { endGraceMs: 200 } })
    const client = await openLive()
    client.socket.pause()
    sidecar.say(sessionEnded)
    expect(await logged('connection closed')).toMatchObject({ code: 4410 })
    client.socket.resume()
    await client.closed
  })

  it('RX.1 is cut within the grace although the client stopped in the middle of a frame', async () => {
    const { openLive, sidecar } = await start({ limits: { endGraceMs: 200 } })
    const client = await openLive()
    client.write(clientFrame(opcodes.text, JSON.stringify(publish(1))).subarray(0, 9))
    sidecar.say(sessionEnded)
    expect(await client.closeCode()).toBe(4410)
    await client.closed
  })

  it('RX.1 leaves the sockets of other sessions alone', async () => {
    const { openLive, sidecar } = await start()
    const other = await openLive({ sessionId: 'session-2' })
    const client = await openLive()
    sidecar.say(sessionEnded)
    await client.closeCode()
    other.send(subscribe)
    expect(await other.message('subscribed')).toEqual({ channel: 'room:a' })
  })
})

describe('the gap between verified and live', () => {
  it('SES-4 RX.2 ends a socket whose session was revoked before it was registered', async () => {
    const { open } = await start({ judge: () => 'revoked' })
    const client = await open()
    client.send(subscribe)
    expect(await client.closeCode()).toBe(4410)
    expect(client.messages().map(({ type }) => type)).toEqual(['disconnect'])
  })

  it('SES-4 RX.2 ends a socket that is revoked while the question is on its way, and minds no late "good"', async () => {
    let answer: (verdict: 'good') => void = () => {}
    const judge = () =>
      new Promise<'good'>((resolve) => {
        answer = resolve
      })
    const { open, sidecar, logLines } = await start({ judge })
    const client = await open()
    client.send(subscribe)
    await sidecar.checked()
    sidecar.say(sessionEnded)
    expect(await client.closeCode()).toBe(4410)
    answer('good')
    await client.closed
    expect(client.messages().map(({ type }) => type)).toEqual(['disconnect'])
    expect(logLines.some(({ msg }) => msg.includes('authenticated'))).toBe(false)
  })

  it('RX.2 ends with 4401 a socket that rests on a gone epoch', async () => {
    const { open } = await start({ judge: () => 'void' })
    expect(await (await open()).closeCode()).toBe(4401)
  })

  it('R0.7 refuses with 4504 when the question is answered by an outage', async () => {
    const { open } = await start({ judge: () => Promise.reject(new Error('store is down')) })
    const client = await open()
    expect(await client.message('disconnect')).toMatchObject({ code: 4504, reconnect: true })
    expect(await client.closeCode()).toBe(4504)
  })

  it('R0.7 refuses with 4504 when the question hangs', async () => {
    const { open } = await start({ judge: () => new Promise<never>(() => {}) })
    expect(await (await open()).closeCode()).toBe(4504)
  })

  it('R0.7 handles what was sent early only after welcome, and gives no broadcast before', async () => {
    let answer: (verdict: 'good') => void = () => {}
    const { open, openLive, sidecar } = await start({
      judge: ({ sessionId }) =>
        sessionId === 'session-1'
          ? new Promise<'good'>((resolve) => {
              answer = resolve
            })
          : 'good',
    })
    const other = await openLive({ sessionId: 'session-2' })
    const early = await open()
    early.send(subscribe)
    await sidecar.checked(2)
    other.send({ ...publish(1), id: 'p' })
    await other.frame(({ json }) => json?.id === 'p')
    expect(early.frames).toEqual([])
    answer('good')
    await early.message('subscribed')
    expect(early.messages().map(({ type }) => type)).toEqual(['welcome', 'subscribed'])
  })
})

describe('a live socket', () => {
  it('R1.8 is logged as authenticated once, and once as closed, without any credential', async () => {
    const { openLive, logged, logLines } = await start()
    const client = await openLive()
    const line = await logged('user alice authenticated and connected')
    expect(line).toMatchObject({ level: 'info', sessionId: 'session-1', way: 'session-cookie' })
    client.write(clientFrame(opcodes.close, Buffer.from([0x03, 0xe8])))
    expect(await logged('connection closed')).toMatchObject({ code: 1000, reason: 'normal' })
    expect(logLines.filter(({ msg }) => msg.includes('authenticated'))).toHaveLength(1)
    expect(logLines.filter(({ msg }) => msg === 'connection closed')).toHaveLength(1)
    expect(JSON.stringify(logLines)).not.toContain('eyJ')
  })

  it('RX.1 ends with 4401 when its authority has lasted as long as it may', async () => {
    const { openLive } = await start()
    const client = await openLive({ ttlMs: 150 })
    expect(await client.message('disconnect')).toMatchObject({ code: 4401, refresh: true })
    expect(await client.closeCode()).toBe(4401)
  })

  it.each([
    ['a binary frame', clientFrame(opcodes.binary, 'x'), 1003],
    ['an unmasked frame', Buffer.from([0x81, 0x01, 0x61]), 1002],
    ['text that is not UTF-8', clientFrame(opcodes.text, Buffer.from([0xff])), 1007],
    ['a message beyond the limit', clientFrame(opcodes.text, 'x'.repeat(2000)), 1009],
  ])('RX.11 LIM-3 ends for %s', async (_, bytes, code) => {
    const { openLive, logged } = await start({ limits: { maxMessageBytes: 1024 } })
    const client = await openLive()
    client.write(bytes)
    expect(await client.closeCode()).toBe(code)
    client.socket.end()
    expect(await logged('connection closed')).toMatchObject({ code })
  })

  it('RX.11 LIM-3 ends for a message in more fragments than are kept', async () => {
    const { openLive } = await start()
    const client = await openLive()
    client.write(clientFrame(opcodes.text, 'x', false))
    for (let n = 0; n < 70; n += 1) client.write(clientFrame(opcodes.continuation, 'x', false))
    expect(await client.closeCode()).toBe(1008)
  })

  it('answers faulty messages with errors and ends with 4400 at the fifth', async () => {
    const { openLive } = await start()
    const client = await openLive()
    for (let n = 0; n < 5; n += 1) client.write(clientFrame(opcodes.text, 'not json'))
    expect(await client.closeCode()).toBe(4400)
    expect(client.messages().filter(({ type }) => type === 'error')).toHaveLength(5)
  })

  it('RX.11 LIM-3 is told that it says too much, and ends with 4429 when it goes on', async () => {
    const { openLive } = await start({ limits: { messageBurst: 2, maxRefusals: 4 } })
    const client = await openLive()
    const frames = Array.from({ length: 8 }, (_, n) =>
      clientFrame(opcodes.text, JSON.stringify({ type: 'x', id: `m${n}` })),
    )
    client.write(Buffer.concat(frames))
    expect(await client.message('disconnect')).toMatchObject({ code: 4429, retryAfterMs: 10_000 })
    const refused = client.messages().filter(({ data }) => data?.['code'] === 'rate-limited')
    expect(refused.map(({ id }) => id)).toEqual(['m2', 'm3', 'm4'])
  })

  it('RX.11 is told that it says too much even where no id can be read', async () => {
    const { openLive } = await start({ limits: { messageBurst: 1, messagesPerSecond: 1 } })
    const client = await openLive()
    client.send(subscribe)
    client.write(clientFrame(opcodes.text, 'not json'))
    const { json } = await client.frame((frame) => frame.json?.type === 'error')
    expect(json).toMatchObject({ data: { code: 'rate-limited' } })
    expect(json).not.toHaveProperty('id')
  })

  it.each([
    ['session', { sessionId: 'session-1' }],
    ['subject', { sessionId: 'session-2' }],
  ])('RX.11 LIM-2 is refused with 4429 as one too many of its %s, until another has gone', async (bound, changes) => {
    const { open, openLive, logged } = await start({
      limits: bound === 'session' ? { maxSocketsPerSession: 2 } : { maxSocketsPerSubject: 2 },
    })
    const [first, second] = [await openLive(), await openLive()]
    const refused = await open(changes)
    refused.send(subscribe)
    expect(await refused.closeCode()).toBe(4429)
    expect(refused.messages().map(({ type, data }) => [type, data?.['reconnect']])).toEqual([
      ['disconnect', true],
    ])
    expect(await logged('a socket too many is refused')).toMatchObject({
      level: 'warn',
      quota: `${bound}-full`,
    })
    await openLive({ subject: 'bob', username: 'bob', sessionId: 'session-3' })
    second.send(subscribe)
    await second.message('subscribed')
    first.write(clientFrame(opcodes.close, Buffer.from([0x03, 0xe8])))
    await first.closeCode()
    await openLive(changes)
  })

  it('RX.11 LIM-4 is cut with 4508 when it does not read what it subscribed to', async () => {
    const { openLive, logged } = await start({
      limits: { ...unlimited, maxStalledMs: 300 },
    })
    const slow = await openLive({ sessionId: 'session-2' })
    slow.send(subscribe)
    await slow.message('subscribed')
    slow.socket.pause()
    const talker = await openLive()
    const text = JSON.stringify({
      type: 'publish',
      data: { channel: 'room:a', data: { fill: 'x'.repeat(60_000) } },
    })
    const pump = () => {
      if (talker.socket.writable) {
        talker.socket.write(clientFrame(opcodes.text, text), () => setImmediate(pump))
      }
    }
    pump()
    expect(await logged('connection closed')).toMatchObject({ code: 4508, reason: 'slow-reader' })
    talker.socket.destroy()
    slow.socket.destroy()
  })

  it('LIM-4 stays when another one bursts into its room: it gets what fits, and misses the rest', async () => {
    const { backend, openLive } = await start({ limits: { ...unlimited, maxBufferedBytes: 4096 } })
    const reader = await openLive({ sessionId: 'session-2' })
    reader.send(subscribe)
    await reader.message('subscribed')
    const talker = await openLive()
    const fill = 'x'.repeat(1000)
    const burst = Array.from({ length: 200 }, (_, n) =>
      clientFrame(
        opcodes.text,
        JSON.stringify({
          type: 'publish',
          id: `p${n}`,
          data: { channel: 'room:a', data: { fill } },
        }),
      ),
    )
    talker.write(Buffer.concat(burst))
    await talker.frame(({ json }) => json?.id === 'p199')
    reader.send({ type: 'subscribe', id: 'after', data: { channel: 'room:b' } })
    await reader.frame(({ json }) => json?.id === 'after')
    const got = reader.messages().filter(({ type }) => type === 'event').length
    const metrics = await fetch(`http://127.0.0.1:${backend.managementPort}/metrics`)
    const [, dropped] = /^sallyport_events_dropped_total (\d+)$/m.exec(await metrics.text()) ?? []
    expect(got).toBeGreaterThan(3)
    expect(Number(dropped)).toBeGreaterThan(0)
    expect(got + Number(dropped)).toBe(200)
  })

  it('LIM-3 LIM-4 is told that it publishes too much, and everybody in the room stays', async () => {
    const { openLive } = await start()
    const reader = await openLive({ sessionId: 'session-2' })
    reader.send(subscribe)
    await reader.message('subscribed')
    const talker = await openLive()
    const fill = 'x'.repeat(60_000)
    const burst = Array.from({ length: 40 }, (_, n) =>
      clientFrame(
        opcodes.text,
        JSON.stringify({
          type: 'publish',
          id: `p${n}`,
          data: { channel: 'room:a', data: { fill } },
        }),
      ),
    )
    talker.write(Buffer.concat(burst))
    const { json } = await talker.frame((frame) => frame.json?.id === 'p39')
    expect(json).toMatchObject({ type: 'error', data: { code: 'rate-limited', retryable: true } })
    reader.send({ type: 'subscribe', id: 'after', data: { channel: 'room:b' } })
    await reader.frame((frame) => frame.json?.id === 'after')
    const told = (client: RawClient, type: string) =>
      client.messages().filter((message) => message.type === type).length
    expect(told(reader, 'event')).toBe(told(talker, 'ack'))
    expect(told(reader, 'event')).toBeGreaterThan(3)
    expect(told(talker, 'error') + told(talker, 'ack')).toBe(40)
  })

  it('LIM-6 gets heartbeats, and is reaped after two intervals without a pong', async () => {
    const { openLive, logged } = await start({ limits: { heartbeatMs: 40 } })
    const client = await openLive()
    await client.frame(({ opcode }) => opcode === opcodes.ping)
    await client.message('hb')
    expect(await logged('connection closed')).toMatchObject({ code: 1006, reason: 'lost' })
    expect(client.frames.filter(({ opcode }) => opcode === opcodes.ping)).toHaveLength(2)
  })
})
