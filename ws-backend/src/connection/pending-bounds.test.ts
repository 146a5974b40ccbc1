// What a socket that nobody is behind may cost: time, bytes, reads, places. Every bound ends it, with a reason.

import { maxFirstMessageLength } from '@sallyport/contracts/messages/first-message'
import { maxTokenLength } from '@sallyport/contracts/token-bounds'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { clientFrame, opcodes, type RawClient } from '../testing/raw-client.ts'
import { startTestBackend, type TestBackend, testIdentity } from '../testing/test-backend.ts'
import { createPendingPlaces } from './pending-places.ts'

let running: TestBackend

/** Deadline of the tests that wait for it. */
const authenticateDeadlineMs = 400

const opened: RawClient[] = []

async function openPending(...given: Parameters<TestBackend['openPending']>): Promise<RawClient> {
  const client = await running.openPending(...given)
  opened.push(client)
  return client
}

const start = async (limits: Parameters<typeof startTestBackend>[0] = {}) => {
  running = await startTestBackend({
    authenticate: () => ({ outcome: 'authenticated', identity: testIdentity() }),
    ...limits,
  })
}

afterEach(async () => {
  for (const client of opened.splice(0)) {
    client.socket.destroy()
    await client.closed
  }
})

const authenticateWith = (token: unknown, more = {}) =>
  JSON.stringify({ type: 'authenticate', data: { token }, ...more })

describe('the deadline of a pending socket', () => {
  beforeAll(() => start({ limits: { authenticateDeadlineMs } }))
  afterAll(() => running.close())

  /** Sends again and again until the socket is gone. */
  const keepSending = (bytes: () => Buffer) => (client: RawClient) => {
    const timer = setInterval(() => client.socket.writable && client.write(bytes()), 20)
    client.socket.once('close', () => clearInterval(timer))
  }
  const whole = clientFrame(opcodes.text, authenticateWith('x'.repeat(100)))
  const drip = (client: RawClient) => {
    let sent = 0
    keepSending(() => {
      sent += 1
      return whole.subarray(sent - 1, sent)
    })(client)
  }
  const fragments = (client: RawClient) => {
    client.write(clientFrame(opcodes.text, '{', false))
    keepSending(() => clientFrame(opcodes.continuation, ' ', false))(client)
  }

  it.each([
    ['nothing', () => {}],
    ['its message byte by byte', drip],
    ['pings', keepSending(() => clientFrame(opcodes.ping, 'x'))],
    ['pongs', keepSending(() => clientFrame(opcodes.pong, 'x'))],
    ['fragments without an end', fragments],
  ])('R1.3 FMA-1 W61 ends it with advice and 4408, not before and not much later, when it sends %s', async (_, send) => {
    const startedAtMs = performance.now()
    const client = await openPending()
    send(client)
    expect(await client.message('disconnect')).toMatchObject({
      code: 4408,
      reason: 'auth-timeout',
      category: 'auth',
      refresh: true,
    })
    expect(await client.closeCode()).toBe(4408)
    const tookMs = performance.now() - startedAtMs
    expect(tookMs).toBeGreaterThanOrEqual(authenticateDeadlineMs - 20)
    expect(tookMs).toBeLessThan(authenticateDeadlineMs + 3000)
    expect(running.sidecar.authenticated).toEqual([])
  })
})

describe('the form of the first message', () => {
  beforeAll(() => start({ limits: { maxPending: 10_000, maxPendingPerAddress: 10_000 } }))
  afterAll(() => running.close())

  const wrong: [string, Buffer, number][] = [
    ['binary', clientFrame(opcodes.binary, authenticateWith('t')), 4400],
    ['empty', clientFrame(opcodes.text, ''), 4400],
    ['not JSON', clientFrame(opcodes.text, '{"type":"authenticate"'), 4400],
    ['another message', clientFrame(opcodes.text, '{"type":"subscribe","data":{}}'), 4400],
    ['a token of another type', clientFrame(opcodes.text, authenticateWith(1)), 4400],
    ['an empty token', clientFrame(opcodes.text, authenticateWith('')), 4400],
    ['a member more', clientFrame(opcodes.text, authenticateWith('t', { user: 'bob' })), 4400],
    ['deep nesting', clientFrame(opcodes.text, authenticateWith([[[[[['t']]]]]])), 4400],
    [
      'J25 a token beyond the longest',
      clientFrame(opcodes.text, authenticateWith('t'.repeat(maxTokenLength + 1))),
      4400,
    ],
    [
      'J25 a message beyond the longest',
      clientFrame(opcodes.text, authenticateWith('t'.repeat(maxFirstMessageLength))),
      1009,
    ],
    ['J25 64 KiB of token', clientFrame(opcodes.text, authenticateWith('t'.repeat(65_000))), 1009],
    ['text that is not UTF-8', clientFrame(opcodes.text, Buffer.from([0xff])), 1007],
    ['an unmasked frame', Buffer.from([0x81, 0x01, 0x61]), 1002],
    [
      'W62 a frame of 2^63-1 bytes, by its header alone',
      Buffer.from([0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
      1009,
    ],
    [
      'W62 a frame of 100 MiB, by its header alone',
      Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0x06, 0x40, 0, 0]),
      1009,
    ],
  ]

  it.each(wrong)('FMA-2 ends the socket: %s', async (_, bytes, code) => {
    const client = await openPending()
    client.write(bytes)
    expect(await client.closeCode()).toBe(code)
    expect(running.sidecar.authenticated).toEqual([])
  })

  it('FMA-2 takes the longest token, in one piece or in fragments', async () => {
    const message = Buffer.from(authenticateWith('t'.repeat(maxTokenLength)))
    const whole = await openPending()
    whole.write(clientFrame(opcodes.text, message))
    await whole.message('welcome')
    const pieces = await openPending()
    for (let from = 0; from < message.length; from += 1000) {
      const opcode = from === 0 ? opcodes.text : opcodes.continuation
      const isLast = from + 1000 >= message.length
      pieces.write(clientFrame(opcode, message.subarray(from, from + 1000), isLast))
    }
    await pieces.message('welcome')
    const asked = running.sidecar.authenticated.splice(0)
    expect(asked.map(({ token }) => token.length)).toEqual([maxTokenLength, maxTokenLength])
  })

  it('FMA-2 RX.11 never authenticates, and never stays silent, whatever the first frame holds', async () => {
    const noise = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.json().map((data) => `{"type":"authenticate","data":${data}}`),
      fc.dictionary(fc.string(), fc.jsonValue()).map((more) => authenticateWith(1, more)),
    )
    await fc.assert(
      fc.asyncProperty(noise, async (text) => {
        const client = await openPending()
        client.write(clientFrame(opcodes.text, Buffer.from(text)))
        expect(await client.closeCode()).toBe(4400)
        client.socket.destroy()
        expect(running.sidecar.authenticated).toEqual([])
      }),
      { numRuns: 60 },
    )
  })
})

describe('what a pending socket may send', () => {
  beforeAll(() => start())
  afterAll(() => running.close())

  it('FMA-1 W63 is cut for fragments that never end, before they fill anything', async () => {
    const client = await openPending()
    client.write(clientFrame(opcodes.text, '{', false))
    const piece = clientFrame(opcodes.continuation, ' '.repeat(1000), false)
    for (let n = 0; n < 17; n += 1) client.write(piece)
    expect(await client.closeCode()).toBe(1009)
  })

  it('FMA-1 W63 is cut for tiny fragments that never end', async () => {
    const client = await openPending()
    client.write(clientFrame(opcodes.text, '{', false))
    for (let n = 0; n < 70; n += 1) client.write(clientFrame(opcodes.continuation, '', false))
    expect(await client.closeCode()).toBe(1008)
  })

  it('FMA-1 is cut for control frames beyond its bytes', async () => {
    const client = await openPending()
    const pong = clientFrame(opcodes.pong, 'x'.repeat(125))
    for (let n = 0; n < 130; n += 1) client.write(pong)
    expect(await client.closeCode()).toBe(1009)
  })

  it('FMA-1 has the limits of any socket once somebody is behind it', async () => {
    const client = await openPending()
    client.write(clientFrame(opcodes.text, authenticateWith('t')))
    await client.message('welcome')
    client.send({ type: 'subscribe', data: { channel: 'room:a' } })
    client.send({
      type: 'publish',
      data: { channel: 'room:a', data: { fill: 'x'.repeat(60_000) } },
    })
    const { data } = await client.message('event')
    expect((data as { fill: string }).fill).toHaveLength(60_000)
  })
})

describe('places of pending sockets', () => {
  it('FMA-1 LIM-2 W61 refuses the one too many of an address with 429, and of all with 503, before any 101', async () => {
    await start({ limits: { maxPending: 3, maxPendingPerAddress: 2 } })
    const from = (clientAddress: string) => openPending({ clientAddress })
    const [first, second] = [await from('2001:db8::1'), await from('2001:db8::2')]
    const crowded = await from('2001:db8:0:0:ffff::1')
    await crowded.closed
    expect([crowded.status(), crowded.body()['code']]).toEqual([429, 'rate-limited'])
    expect(crowded.head()).toContain('retry-after: 10')
    await from('192.0.2.1')
    const full = await from('192.0.2.2')
    await full.closed
    expect([full.status(), full.body()['code']]).toEqual([503, 'unavailable'])
    expect(full.head()).toContain('retry-after: 10')
    // Those that somebody is behind take none of these places.
    await running.openLive()
    first.write(clientFrame(opcodes.text, authenticateWith('t')))
    await first.message('welcome')
    expect((await from('2001:db8::3')).status()).toBe(101)
    second.write(clientFrame(opcodes.close, Buffer.from([0x03, 0xe8])))
    await second.closed
    expect((await from('192.0.2.1')).status()).toBe(101)
    await running.close()
  })

  it('FMA-1 gives a place back once, and remembers no address that has none', () => {
    const places = createPendingPlaces({
      maxPending: 3,
      maxPendingPerAddress: 2,
      authenticateDeadlineMs: 10_000,
    })
    const take = (address: string) => {
      const place = places.take(address)
      return place.ok ? place.value : () => {}
    }
    const [one] = [take('a'), take('a')]
    expect(places.take('a')).toMatchObject({ error: { code: 'rate-limited' } })
    one()
    one()
    expect(places.taken()).toBe(1)
    expect(places.take('a').ok).toBe(true)
    expect(places.take('1::2:3:4:5:6:7').ok).toBe(true)
    expect(places.take('::')).toMatchObject({ error: { code: 'unavailable' } })
  })
})
