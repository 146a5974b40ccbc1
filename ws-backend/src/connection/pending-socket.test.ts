// Sockets nobody is behind, of a whole backend, against clients without manners: nothing but `authenticate` is read,
// in time and in form, and what it leads to is the sidecar's to say.

import type { AuthenticateAnswer } from '@sallyport/contracts/authority-questions'
import { closeCodes } from '@sallyport/contracts/close-codes'
import { afterEach, describe, expect, it } from 'vitest'
import { clientFrame, opcodes, type RawClient } from '../testing/raw-client.ts'
import {
  startTestBackend,
  type TestBackend,
  type TestBackendOptions,
  testIdentity,
} from '../testing/test-backend.ts'

let running: TestBackend | undefined

afterEach(async () => {
  await running?.close()
  running = undefined
})

async function start(options?: TestBackendOptions): Promise<TestBackend> {
  running = await startTestBackend(options)
  return running
}

const token = 'header.payload.signature'
const authenticate = { type: 'authenticate', id: 'a', data: { token } }
const subscribe = { type: 'subscribe', id: 's', data: { channel: 'room:a' } }
const publish = (n: number) => ({ type: 'publish', data: { channel: 'room:a', data: { n } } })

const text = (message: unknown) => clientFrame(opcodes.text, JSON.stringify(message))

const alice: AuthenticateAnswer = {
  outcome: 'authenticated',
  identity: testIdentity({ way: 'first-message' }),
}
const asAlice = { authenticate: () => alice }

const types = (client: RawClient) => client.messages().map(({ type }) => type)

describe('a pending socket', () => {
  it('R1.3 is welcomed after its first message, and logged with the way it took', async () => {
    const { openPending, sidecar, logged, logLines } = await start(asAlice)
    const client = await openPending({ origin: 'https://app.example.com' })
    expect(client.head()).toContain('Sec-WebSocket-Protocol: sallyport.v1.first-message')
    client.send(authenticate)
    const welcome = await client.message('welcome')
    expect(welcome).toMatchObject({ userId: 'alice', sessionId: 'session-1' })
    expect(welcome['ttlMs']).toBeGreaterThan(590_000)
    expect(sidecar.authenticated).toEqual([
      {
        token,
        route: 'websocket',
        origin: 'https://app.example.com',
        clientAddress: '192.0.2.1',
      },
    ])
    expect(await logged('user alice authenticated and connected')).toMatchObject({
      sessionId: 'session-1',
      way: 'first-message',
    })
    expect(JSON.stringify(logLines)).not.toContain(token)
    client.send(subscribe)
    await client.message('subscribed')
  })

  it('SES-4 R1.3 is asked about once more after it was registered', async () => {
    const { openPending, sidecar } = await start({ ...asAlice, judge: () => 'revoked' })
    const client = await openPending()
    client.send(authenticate)
    expect(await client.closeCode()).toBe(4410)
    expect(sidecar.batchSizes).toEqual([1])
    expect(types(client)).toEqual(['disconnect'])
  })

  it('RX.1 ends with 4401 when the authority behind the first message has lasted its time', async () => {
    const { openPending } = await start({
      authenticate: () => ({ ...alice, identity: testIdentity({ ttlMs: 150 }) }),
    })
    const client = await openPending()
    client.send(authenticate)
    await client.message('welcome')
    expect(await client.closeCode()).toBe(4401)
  })

  const refusals = [
    ['tokenInvalid', 4401, { refresh: true, reconnect: true }],
    ['forbidden', 4403, { refresh: false, reconnect: false }],
    ['rateLimited', 4429, { retryAfterMs: 7000, reconnect: true }],
  ] as const

  it.each(refusals)('R0.4 R1.3 ends as the sidecar says: %s → %i', async (close, code, advice) => {
    const retryAfterMs = close === 'rateLimited' ? { retryAfterMs: 7000 } : {}
    const { openPending, logged } = await start({
      authenticate: () => ({ outcome: 'refused', close, ...retryAfterMs }),
    })
    const client = await openPending()
    client.send(authenticate)
    expect(await client.message('disconnect')).toMatchObject(advice)
    expect(await client.closeCode()).toBe(code)
    expect(await logged('connection closed')).toMatchObject({ code })
  })

  it.each([
    ['answers with an outage', () => Promise.reject(new Error('store is down'))],
    ['answers nonsense', () => ({}) as AuthenticateAnswer],
    ['does not answer', () => new Promise<never>(() => {})],
  ])('R0.7 ends with 4504, never with a reason to sign in, when the sidecar %s', async (_, answer) => {
    const { openPending } = await start({ authenticate: answer })
    const client = await openPending()
    client.send(authenticate)
    expect(await client.message('disconnect')).toMatchObject({ code: 4504, category: 'server' })
    expect(await client.closeCode()).toBe(4504)
  })

  it('FMA-4 refuses a second authenticate and stays who it is', async () => {
    const { openPending, sidecar } = await start(asAlice)
    const client = await openPending()
    client.send(authenticate)
    await client.message('welcome')
    client.send({ ...authenticate, data: { token: 'bob.bob.bob' } })
    const { json } = await client.frame((frame) => frame.json?.type === 'error')
    expect(json).toMatchObject({ id: 'a', data: { code: 'already-authenticated' } })
    expect(sidecar.authenticated).toHaveLength(1)
    client.send(subscribe)
    await client.message('subscribed')
    client.send(publish(1))
    expect(await client.message('event')).toMatchObject({ from: { userId: 'alice' } })
  })

  it('FMA-4 refuses authenticate on a socket that came with its credential', async () => {
    const { openLive, sidecar } = await start(asAlice)
    const client = await openLive()
    client.send(authenticate)
    expect(await client.message('error')).toMatchObject({ code: 'already-authenticated' })
    expect(sidecar.authenticated).toEqual([])
  })

  it('R1.3 drops its question when the client leaves while it is asked', async () => {
    let answer: (given: AuthenticateAnswer) => void = () => {}
    const { openPending, sidecar, logged, logLines } = await start({
      authenticate: () =>
        new Promise((resolve) => {
          answer = resolve
        }),
    })
    const client = await openPending()
    client.send(authenticate)
    await sidecar.authenticateAsked()
    client.socket.destroy()
    await logged('connection closed')
    answer(alice)
    const other = await openPending()
    other.send(authenticate)
    await sidecar.authenticateAsked(2)
    answer(alice)
    await other.message('welcome')
    expect(logLines.filter(({ msg }) => msg.includes('authenticated and'))).toHaveLength(1)
  })
})

describe('what is sent behind the first message', () => {
  const many = Array.from({ length: 100 }, (_, n) => publish(n))
  const pipelined = Buffer.concat([authenticate, subscribe, ...many].map(text))
  const generous = { messageBurst: 1000 }

  it('FMA-3 is handled after success only, all of it and in order', async () => {
    let answer: (given: AuthenticateAnswer) => void = () => {}
    const { openPending, sidecar } = await start({
      authenticate: () =>
        new Promise((resolve) => {
          answer = resolve
        }),
      limits: generous,
    })
    // In one piece with the upgrade: nothing could come earlier.
    const client = await openPending({}, pipelined)
    await sidecar.authenticateAsked()
    expect(client.frames).toEqual([])
    answer(alice)
    await client.frame(({ json }) => (json?.data?.['data'] as { n?: number })?.n === 99)
    expect(types(client).slice(0, 2)).toEqual(['welcome', 'subscribed'])
    const numbers = client
      .messages()
      .flatMap(({ type, data }) => (type === 'event' ? [data?.['data']] : []))
    expect(numbers).toEqual(many.map((_, n) => ({ n })))
  })

  it('FMA-3 is dropped when the token is refused', async () => {
    const { openPending, openLive } = await start({ limits: generous })
    const witness = await openLive()
    witness.send(subscribe)
    await witness.message('subscribed')
    const client = await openPending()
    client.write(pipelined)
    expect(await client.closeCode()).toBe(4401)
    await client.closed
    witness.send({ ...subscribe, id: 'last' })
    await witness.frame(({ json }) => json?.id === 'last')
    expect([types(client), types(witness)]).toEqual([
      ['disconnect'],
      ['welcome', 'subscribed', 'subscribed'],
    ])
  })

  it('FMA-1 a broadcast does not reach a pending socket', async () => {
    const { openPending, openLive } = await start({ limits: { authenticateDeadlineMs: 400 } })
    const pending = await openPending()
    const talker = await openLive()
    talker.send(subscribe)
    talker.send(publish(1))
    await talker.message('event')
    await pending.closed
    expect(types(pending)).toEqual(['disconnect'])
  })
})

describe('the drain', () => {
  it('tells pending sockets to come back, those that are asked about too', async () => {
    const backend = await start({ authenticate: () => new Promise<never>(() => {}) })
    const [silent, asked] = [await backend.openPending(), await backend.openPending()]
    asked.send(authenticate)
    await backend.sidecar.authenticateAsked()
    const closing = backend.close()
    running = undefined
    expect([await silent.closeCode(), await asked.closeCode()]).toEqual([1012, 1012])
    expect(await silent.message('disconnect')).toMatchObject({
      code: closeCodes.serviceRestart.code,
      reconnect: true,
    })
    await closing
  })
})
