// Sockets of a whole backend whose authority is renewed, and what ends them then; and sockets too many.

import type { RefreshAnswer } from '@sallyport/contracts/authority-questions'
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
  await running.sidecar.feedOpened()
  running.sidecar.say({ type: 'position', epoch: 'epoch-1', sequence: 0 })
  await running.logged('the authority feed is connected')
  return running
}

const token = 'header.payload.signature'
const ask = { type: 'auth.refresh', id: 'r', data: { token } }
const refreshed = (sessionId: string, username = 'alice'): RefreshAnswer => ({
  outcome: 'refreshed',
  identity: testIdentity({ sessionId, username, ttlMs: 300_000 }),
})
const endOf = (sessionId: string, sequence: number) => ({
  type: 'session-ended',
  sequence,
  sessionId,
  subject: 'alice',
  scope: 'everything',
})

/** Resolves with the answer to a subscription: the socket lives and is read. */
async function expectLive(client: RawClient): Promise<void> {
  client.send({ type: 'subscribe', data: { channel: 'room:alive' } })
  const { json } = await client.frame((frame) => frame.json?.data?.['channel'] === 'room:alive')
  expect(json?.type).toBe('subscribed')
}

const answerOf = async (client: RawClient, id: string) =>
  (await client.frame(({ json }) => json?.id === id)).json

describe('a socket that was refreshed', () => {
  it('R3.7 RX.3 lasts beyond the end of what it came with, and rests on what it got', async () => {
    const { openLive, sidecar } = await start({ refresh: () => refreshed('session-2') })
    const [client, witness] = await Promise.all([
      openLive({ ttlMs: 1200 }),
      openLive({ ttlMs: 1200, sessionId: 'session-3' }),
    ])
    client.send(ask)
    expect(await answerOf(client, 'r')).toMatchObject({ type: 'auth.ok', data: { lost: [] } })
    expect(await witness.closeCode()).toBe(4401)
    sidecar.say(endOf('session-1', 1))
    sidecar.say(endOf('nobody', 2))
    await expectLive(client)
    sidecar.say(endOf('session-2', 3))
    expect(await client.closeCode()).toBe(4410)
  })

  it('RX.3 publishes under its present name', async () => {
    const { openLive } = await start({ refresh: () => refreshed('session-2', 'alice-anew') })
    const client = await openLive()
    client.send({ type: 'subscribe', data: { channel: 'room:a' } })
    client.send(ask)
    await client.message('auth.ok')
    client.send({ type: 'publish', data: { channel: 'room:a', data: {} } })
    expect(await client.message('event')).toMatchObject({ from: { username: 'alice-anew' } })
  })

  it('RX.2 RX.3 ends when its new session ended between the answer and the new books', async () => {
    const { openLive } = await start({
      refresh: () => refreshed('session-2'),
      judge: ({ sessionId }) => (sessionId === 'session-2' ? 'revoked' : 'good'),
    })
    const client = await openLive()
    client.send(ask)
    expect(await client.closeCode()).toBe(4410)
  })

  it('RX.2 RX.3 ends with its old session while the question runs, and no late answer wakes it', async () => {
    const question = Promise.withResolvers<RefreshAnswer>()
    const { openLive, sidecar, logged } = await start({ refresh: () => question.promise })
    const client = await openLive()
    client.send(ask)
    await sidecar.refreshAsked()
    sidecar.say(endOf('session-1', 1))
    expect(await client.closeCode()).toBe(4410)
    question.resolve(refreshed('session-2'))
    expect(await logged('connection closed')).toMatchObject({ code: 4410 })
    await client.closed
    expect(client.messages().map(({ type }) => type)).toEqual(['welcome', 'disconnect'])
  })

  it('W92 RX.12 stays as it was after a refusal and after an outage', async () => {
    const answers: RefreshAnswer[] = [{ outcome: 'refused', fault: 'other-subject' }]
    const { openLive, logLines } = await start({
      refresh: () => answers.shift() ?? Promise.reject(new Error('the store is away')),
    })
    const client = await openLive()
    client.send(ask)
    expect(await answerOf(client, 'r')).toMatchObject({ data: { code: 'refresh-refused' } })
    client.send({ ...ask, id: 'again' })
    expect(await answerOf(client, 'again')).toMatchObject({
      data: { code: 'refresh-unavailable', retryable: true },
    })
    await expectLive(client)
    expect(JSON.stringify(logLines)).not.toContain(token)
  })
})

describe('sockets too many', () => {
  const leave = (client: RawClient) =>
    client.write(clientFrame(opcodes.close, Buffer.from([0x03, 0xe8])))

  it('SES-14 LIM-2 of an address are refused with 4429, whoever is behind them, until one has gone', async () => {
    const { open, openLive } = await start({ limits: { maxSocketsPerAddress: 2 } })
    const near = { clientAddress: '2001:db8::1' }
    const [first] = await Promise.all([openLive(near), openLive(near)])
    const bob = { subject: 'bob', sessionId: 'session-2', clientAddress: '2001:db8::ffff:2' }
    expect(await (await open(bob)).closeCode()).toBe(4429)
    await openLive({ ...bob, clientAddress: '2001:db8:0:1::1' })
    leave(first)
    await first.closeCode()
    await openLive(bob)
  })

  it.each([
    ['a session', { maxSocketsPerSession: 2 }, { sessionId: 'session-1' }],
    ['a subject', { maxSocketsPerSubject: 2 }, { sessionId: 'session-2' }],
  ])('SES-14 of %s take the place of the oldest, where that is the policy', async (_, bound, changes) => {
    const { openLive } = await start({ limits: { ...bound, socketLimitPolicy: 'replace' } })
    const bob = await openLive({ subject: 'bob', sessionId: 'session-9' })
    const [oldest, second] = [await openLive(), await openLive()]
    const third = await openLive(changes)
    expect(await oldest.message('disconnect')).toMatchObject({
      code: 4409,
      reason: 'replaced',
      reconnect: false,
    })
    expect(await oldest.closeCode()).toBe(4409)
    for (const client of [bob, second, third]) await expectLive(client)
  })

  it('SES-14 RX.3 are counted where a refresh took them', async () => {
    const { open, openLive } = await start({
      limits: { maxSocketsPerSession: 1 },
      refresh: () => refreshed('session-2'),
    })
    const [mover, other] = [await openLive(), await openLive({ sessionId: 'session-3' })]
    mover.send(ask)
    await mover.message('auth.ok')
    await openLive()
    expect(await (await open({ sessionId: 'session-2' })).closeCode()).toBe(4429)
    other.send(ask)
    expect(await answerOf(other, 'r')).toMatchObject({ data: { code: 'rate-limited' } })
    await expectLive(other)
    leave(mover)
    await mover.closeCode()
    other.send({ ...ask, id: 'again' })
    expect(await answerOf(other, 'again')).toMatchObject({ type: 'auth.ok' })
  })
})
