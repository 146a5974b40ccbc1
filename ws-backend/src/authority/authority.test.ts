// Authority over a whole backend, real sockets and real mutual TLS, with sidecars the test drives: what ends what, which
// sidecar may be away, and how long a backend may be blind.

import type { Identity } from '@sallyport/contracts/identity'
import { afterEach, describe, expect, it } from 'vitest'
import type { FakeSidecar } from '../testing/fake-sidecar.ts'
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
  return running
}

/** Lets a sidecar's feed say its first line, and waits until it was heard. */
async function connect({ logged }: TestBackend, sidecar: FakeSidecar): Promise<void> {
  await sidecar.feedOpened()
  sidecar.say({ type: 'position', epoch: 'epoch-1', sequence: 0 })
  sidecar.say({ type: 'list-connections', questionId: 'heard' })
  await sidecar.listed()
  await logged('the authority feed is connected')
}

/** A backend with two sidecars, both connected. */
async function startPair(options: TestBackendOptions = {}) {
  const backend = await start({ otherSidecars: 1, ...options })
  const [second] = backend.others
  if (!second) throw new Error('there is no second sidecar')
  await connect(backend, backend.sidecar)
  await connect(backend, second)
  return { backend, first: backend.sidecar, second }
}

async function readiness({ backend }: TestBackend): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${backend.managementPort}/readyz`)
  return answer.status
}

async function metricOf({ backend }: TestBackend, start: string): Promise<string | undefined> {
  const answer = await fetch(`http://127.0.0.1:${backend.managementPort}/metrics`)
  const lines = (await answer.text()).split('\n')
  return lines.find((line) => line.startsWith(`${start} `))?.slice(start.length + 1)
}

const issuer = 'https://issuer.test'
const token = { id: 't1', keyId: 'k', issuedAtMs: 0 }
const byToken: Partial<Identity> = { way: 'subprotocol', token }
const newToken = { id: 't2', keyId: 'k', issuedAtMs: 1000 }
const extended = {
  type: 'session-extended',
  sequence: 1,
  sessionId: 'session-1',
  subject: 'alice',
  token: newToken,
} as const
const session = { type: 'session-ended', sessionId: 'session-1', subject: 'alice' } as const

describe('a line of a feed', () => {
  it.each([
    [{ ...session, scope: 'everything' }, 4410],
    [{ type: 'subject-ended', issuer, subject: 'alice' }, 4410],
    [{ type: 'token-revoked', issuer, tokenId: 't1' }, 4401],
  ])('SES-2 ends whom it means, whichever sidecar tells it: %j → %i', async (line, code) => {
    const { backend, second } = await startPair()
    const neighbour = await backend.openLive({ sessionId: 's2', subject: 'bob' })
    const client = await backend.openLive(byToken)
    second.say({ ...line, sequence: 1 })
    expect(await client.closeCode()).toBe(code)
    neighbour.send({ type: 'subscribe', data: { channel: 'room:a' } })
    expect(await neighbour.message('subscribed')).toEqual({ channel: 'room:a' })
    const count = `sallyport_authority_applied_seconds_count{type="${line.type}"}`
    expect(await metricOf(backend, count)).toBe('1')
  })

  it('SES-2 of a cookie alone leaves the session’s tokens', async () => {
    const { backend, first } = await startPair()
    const cookie = await backend.openLive()
    const bearer = await backend.openLive(byToken)
    first.say({ ...session, scope: 'cookie', sequence: 1 })
    expect(await cookie.closeCode()).toBe(4410)
    bearer.send({ type: 'subscribe', data: { channel: 'room:a' } })
    expect(await bearer.message('subscribed')).toEqual({ channel: 'room:a' })
  })

  it('RX.1 with a margin announces the end and keeps to it', async () => {
    const { backend, first } = await startPair()
    const client = await backend.openLive(byToken)
    first.say({ ...session, scope: 'everything', sequence: 1, marginMs: 300 })
    expect(await client.message('auth.expiring')).toMatchObject({ reason: 'revoked-with-margin' })
    expect(await client.closeCode()).toBe(4410)
  })

  it('RX.1 of an operator ends one socket and leaves the others of its session', async () => {
    const { backend, first } = await startPair()
    const [one, two] = await Promise.all([backend.openLive(), backend.openLive()])
    const { connectionId } = await one.message('welcome')
    first.say({ type: 'connection-ended', sequence: 1, connectionId })
    expect(await one.message('disconnect')).toMatchObject({ reason: 'ended-by-operator' })
    expect(await one.closeCode()).toBe(4409)
    two.send({ type: 'subscribe', data: { channel: 'room:a' } })
    expect(await two.message('subscribed')).toEqual({ channel: 'room:a' })
  })

  it('R3.7 of an extended session tells the sockets of its token cookie how long they last now', async () => {
    const { backend, first } = await startPair()
    const client = await backend.openLive({ way: 'token-cookie', token, ttlMs: 60_000 })
    first.say({ ...extended, expiresAtMs: Date.now() + 600_000 })
    const { ttlMs } = await client.message('auth.ok')
    expect(ttlMs).toBeGreaterThan(500_000)
  })

  it('RX.3 of a token ends what an extended session goes on by, and no more what it came by', async () => {
    const { backend, first } = await startPair()
    const client = await backend.openLive({ way: 'token-cookie', token, ttlMs: 60_000 })
    first.say({ ...extended, expiresAtMs: Date.now() + 600_000 })
    await client.message('auth.ok')
    first.say({ type: 'token-revoked', sequence: 2, issuer, tokenId: token.id })
    first.say({ type: 'list-connections', questionId: 'q', subject: 'alice' })
    await first.listed(2)
    expect(first.listings[1]).toMatchObject({ total: 1 })
    first.say({ type: 'token-revoked', sequence: 3, issuer, tokenId: newToken.id })
    expect(await client.closeCode()).toBe(4401)
  })

  it('RX.1 that asks which sockets there are is answered to the sidecar that said it', async () => {
    const { backend, first, second } = await startPair()
    const client = await backend.openLive()
    const { connectionId } = await client.message('welcome')
    second.say({ type: 'list-connections', questionId: 'q', subject: 'alice' })
    await second.listed(2)
    expect(second.listings[1]).toMatchObject({
      questionId: 'q',
      node: 'node-test',
      total: 1,
      connections: [{ connectionId, sessionId: 'session-1' }],
    })
    expect(first.listings).toHaveLength(1)
  })
})

describe('a lost event', () => {
  it('SES-5 costs no more than the interval at which everybody is asked about', async () => {
    const revoked = new Set<string>()
    const { backend } = await startPair({
      recheckIntervalMs: 50,
      judge: ({ sessionId }) => (revoked.has(sessionId) ? 'revoked' : 'good'),
    })
    const client = await backend.openLive()
    revoked.add('session-1')
    expect(await client.closeCode()).toBe(4410)
  })

  it('SES-5 is found out when a feed comes back after none was heard', async () => {
    const revoked = new Set<string>()
    const backend = await start({
      judge: ({ sessionId }) => (revoked.has(sessionId) ? 'revoked' : 'good'),
    })
    await connect(backend, backend.sidecar)
    const client = await backend.openLive()
    revoked.add('session-1')
    backend.sidecar.cutFeeds()
    await backend.sidecar.feedOpened(2)
    backend.sidecar.say({ type: 'position', epoch: 'epoch-1', sequence: 0 })
    expect(await client.closeCode()).toBe(4410)
  })
})

describe('sidecars that are away', () => {
  it('SES-6 RX.12 one of two: nothing changes for anybody', async () => {
    const { backend, first, second } = await startPair()
    const before = await backend.openLive()
    await first.close()
    await backend.logged('the authority feed is lost')
    const after = await backend.openLive()
    expect(await readiness(backend)).toBe(200)
    second.say({ ...session, scope: 'everything', sequence: 1 })
    expect([await before.closeCode(), await after.closeCode()]).toEqual([4410, 4410])
  })

  it('SES-6 all: new sockets are turned away, live ones go on, and it is not ready', async () => {
    const { backend, first, second } = await startPair()
    const client = await backend.openLive()
    await Promise.all([first.close(), second.close()])
    const late = await backend.open()
    expect(await late.closeCode()).toBe(4504)
    await expect.poll(() => readiness(backend)).toBe(503)
    client.send({ type: 'subscribe', data: { channel: 'room:a' } })
    expect(await client.message('subscribed')).toEqual({ channel: 'room:a' })
  })

  it('SES-6 W94 that lost their store, for too long: every socket ends, and comes back when they do', async () => {
    const { backend, first, second } = await startPair({ maxBlindMs: 400 })
    const client = await backend.openLive()
    for (const sidecar of [first, second]) sidecar.follow(false)
    expect(await client.message('disconnect')).toMatchObject({ reason: 'unavailable' })
    expect(await client.closeCode()).toBe(4503)
    // The sidecars would still answer a question; what ends would not be heard.
    const late = await backend.open()
    expect(await late.closeCode()).toBe(4503)
    expect(Number(await metricOf(backend, 'sallyport_authority_blind_seconds'))).toBeGreaterThan(
      0.3,
    )
    first.follow(true)
    await first.feedOpened(2)
    first.say({ type: 'position', epoch: 'epoch-1', sequence: 0 })
    first.say({ type: 'list-connections', questionId: 'heard' })
    await first.listed(2)
    expect(await readiness(backend)).toBe(200)
    await backend.openLive()
    expect(await metricOf(backend, 'sallyport_authority_blind_seconds')).toBe('0')
  })
})
