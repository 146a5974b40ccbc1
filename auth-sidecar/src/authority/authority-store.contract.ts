// What every authority store promises. Run on each variant by its own test file; what needs a clock that can be moved,
// or a record life short enough to be waited for, is `authority-store-aging.contract.ts`.

import type { NumberedEvent } from '@sallyport/contracts/authority-event'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Lineage } from './authority.ts'
import type {
  AuthorityChange,
  AuthorityEventSink,
  AuthorityQuestion,
  AuthorityStore,
  FeedPosition,
} from './authority-store.ts'

/** What a store called on its sink, in order. */
export type SinkCall =
  | { readonly call: 'follow'; readonly position: FeedPosition }
  | { readonly call: 'append'; readonly event: NumberedEvent }
  | { readonly call: 'lose' }

/** A store under test, of `contractIssuer`. Its clock may be real. */
export type AuthorityStoreUnderTest = {
  readonly store: AuthorityStore
  readonly events: readonly SinkCall[]
  readonly now: () => number
  readonly advanceMs?: (byMs: number) => Promise<void>
  readonly close: () => Promise<void>
}

/** The built-in issuer of the stores under test. */
export const contractIssuer = 'https://app.example.com/auth'
const otherIssuer = 'https://login.example.org'

/** A sink that remembers what it is told. */
export function createRecordingSink() {
  const events: SinkCall[] = []
  const sink: AuthorityEventSink = {
    follow: (position) => void events.push({ call: 'follow', position }),
    append: (event) => void events.push({ call: 'append', event }),
    lose: () => void events.push({ call: 'lose' }),
  }
  return { sink, events }
}

const alice: Lineage = { issuer: contractIssuer, subject: 'alice', sessionId: 's1' }
const sameNameElsewhere: Lineage = { issuer: otherIssuer, subject: 'alice', sessionId: 'x1' }

/** A question with a token of the lineage's issuer that was issued at a moment. */
function withToken(lineage: Lineage, id: string, issuedAtMs: number, keyId = 'k1') {
  return { ...lineage, token: { id, keyId, issuedAtMs } } satisfies AuthorityQuestion
}

async function open(make: () => Promise<AuthorityStoreUnderTest>) {
  const { store, events, now, close } = await make()
  onTestFinished(close)
  await vi.waitFor(() => expect(events[0]?.call).toBe('follow'))
  const [first] = events
  if (first?.call !== 'follow') throw new Error('the store follows nothing')
  const appended = () => events.flatMap((each) => (each.call === 'append' ? [each.event] : []))
  return {
    store,
    now,
    start: first.position,
    generationOf: async (question: AuthorityQuestion) => (await store.current(question)).generation,
    /** Makes changes one after the other, and gives what was told of them without its numbers. */
    tell: async (...changes: AuthorityChange[]) => {
      for (const change of changes) await store.apply(change)
      await store.apply({ type: 'end-connection', connectionId: 'marks the end' })
      // What is told, is told in order: behind the mark nothing is to come.
      await vi.waitFor(() =>
        expect(appended().at(-1)).toMatchObject({ connectionId: 'marks the end' }),
      )
      return appended()
        .slice(0, -1)
        .map(({ sequence: _sequence, ...event }) => event)
    },
    /** The numbers of the first so many events. */
    numbers: async (count: number) => {
      await vi.waitFor(() => expect(appended().length).toBeGreaterThanOrEqual(count))
      return appended().map(({ sequence }) => sequence)
    },
  }
}

/** Registers the suite; `make` builds a fresh store for each test. */
export function describeAuthorityStore(
  name: string,
  make: () => Promise<AuthorityStoreUnderTest>,
): void {
  describe(`authority store: ${name}`, () => {
    describeBeginning(make)
    describeEnding(make)
    describeRevoking(make)
    describeMargins(make)
    describeOrder(make)
  })
}

function describeBeginning(make: () => Promise<AuthorityStoreUnderTest>): void {
  it('RX.2 follows its own epoch, in which nothing was ended yet', async () => {
    const { store, start } = await open(make)
    const state = await store.current(withToken(alice, 't1', 1))
    expect(state).toEqual({
      generation: { epoch: start.epoch, subject: 0, session: 0 },
      graceUntilMs: 0,
      isCookieEnded: false,
      isTokenRevoked: false,
      issuedBeforeMs: 0,
    })
    expect(store.isFollowing()).toBe(true)
  })

  it('RX.2 counts what others issued before the epoch began as void, whoever they are', async () => {
    const { store, now } = await open(make)
    const { issuedBeforeMs } = await store.current(withToken(sameNameElsewhere, 't1', 1))
    expect(issuedBeforeMs).toBeGreaterThan(0)
    expect(issuedBeforeMs).toBeLessThanOrEqual(now())
    const anywhere = { issuer: 'https://another.example', subject: 'a', sessionId: 'x2' }
    expect(await store.current(anywhere)).toMatchObject({ issuedBeforeMs })
  })
}

function describeEnding(make: () => Promise<AuthorityStoreUnderTest>): void {
  it('SES-1 moves only the ended session on, and tells of it', async () => {
    const { store, generationOf, start, tell } = await open(make)
    const told = await tell({ type: 'end-session', sessionId: 's1', subject: 'alice' })
    expect(told).toEqual([
      { type: 'session-ended', sessionId: 's1', subject: 'alice', scope: 'everything' },
    ])
    expect(await generationOf(alice)).toEqual({ epoch: start.epoch, subject: 0, session: 1 })
    expect(await generationOf({ ...alice, sessionId: 's2' })).toMatchObject({ session: 0 })
    expect(await store.current(alice)).toMatchObject({ isCookieEnded: false })
  })

  it('SES-8 ends a cookie alone: its session’s tokens are of the same generation', async () => {
    const { store, tell } = await open(make)
    const told = await tell({ type: 'end-cookie', sessionId: 's1', subject: 'alice' })
    expect(told).toEqual([
      { type: 'session-ended', sessionId: 's1', subject: 'alice', scope: 'cookie' },
    ])
    const state = await store.current(alice)
    expect(state).toMatchObject({ isCookieEnded: true, generation: { session: 0 } })
    expect(await store.current({ ...alice, sessionId: 's2' })).toMatchObject({
      isCookieEnded: false,
    })
    await store.apply({ type: 'end-session', sessionId: 's1', subject: 'alice' })
    expect(await store.current(alice)).toMatchObject({
      isCookieEnded: true,
      generation: { session: 1 },
    })
  })

  it('SES-1 moves a subject on in all of its sessions, and nobody of the same name elsewhere', async () => {
    const { store, now, tell, generationOf } = await open(make)
    const { issuer, subject } = alice
    const told = await tell({ type: 'end-subject', issuer, subject, issuedBeforeMs: now() })
    expect(told).toEqual([{ type: 'subject-ended', issuer, subject }])
    for (const sessionId of ['s1', 's2']) {
      expect(await generationOf({ ...alice, sessionId })).toMatchObject({ subject: 1, session: 0 })
    }
    expect(await generationOf(sameNameElsewhere)).toMatchObject({ subject: 0 })
    // Our own tokens carry the number: nothing hangs on the second they were issued in.
    expect(await store.current(withToken(alice, 't1', 1))).toMatchObject({ issuedBeforeMs: 0 })
  })

  it('SES-8 remembers until when a subject of another issuer is void, and never an earlier time', async () => {
    const { store, now, start } = await open(make)
    const { issuer, subject } = sameNameElsewhere
    const [early, late] = [now() + 1000, now() + 2000]
    for (const issuedBeforeMs of [late, early]) {
      await store.apply({ type: 'end-subject', issuer, subject, issuedBeforeMs })
    }
    expect(await store.current(withToken(sameNameElsewhere, 't1', 1))).toMatchObject({
      issuedBeforeMs: late,
      generation: { epoch: start.epoch, subject: 2, session: 0 },
    })
    const bob = { ...sameNameElsewhere, subject: 'bob' }
    expect((await store.current(withToken(bob, 't1', 1))).issuedBeforeMs).toBeLessThan(late)
  })

  it('SES-7 ends a subject once for one cause, however many notice it', async () => {
    const { store, now, generationOf, tell } = await open(make)
    const { issuer, subject } = alice
    const end = (fingerprint: string): AuthorityChange => ({
      type: 'end-subject',
      issuer,
      subject,
      issuedBeforeMs: now(),
      fingerprint,
    })
    await Promise.all(Array.from({ length: 20 }, () => store.apply(end('password-2'))))
    expect(await generationOf(alice)).toMatchObject({ subject: 1 })
    expect(await tell(end('password-2'))).toHaveLength(1)
    await store.apply(end('password-3'))
    await store.apply(end('password-2'))
    expect(await generationOf(alice)).toMatchObject({ subject: 3 })
  })

  it('SES-7 remembers the cause when the subject is ended without one: whoever notices it late ends nothing new', async () => {
    const { store, now, generationOf, tell } = await open(make)
    const { issuer, subject } = alice
    const end = { type: 'end-subject', issuer, subject } as const
    await store.apply({ ...end, issuedBeforeMs: now(), fingerprint: 'password-2' })
    await store.apply({ ...end, issuedBeforeMs: now() })
    expect(await generationOf(alice)).toMatchObject({ subject: 2 })
    expect(await tell({ ...end, issuedBeforeMs: now(), fingerprint: 'password-2' })).toHaveLength(2)
    expect(await generationOf(alice)).toMatchObject({ subject: 2 })
  })
}

function describeRevoking(make: () => Promise<AuthorityStoreUnderTest>): void {
  it('SES-8 revokes one token by issuer and id, whatever its subject and session', async () => {
    const { store, tell } = await open(make)
    const { issuer } = alice
    const told = await tell({ type: 'revoke-token', issuer, tokenId: 't1' })
    expect(told).toEqual([{ type: 'token-revoked', issuer, tokenId: 't1' }])
    const isRevoked = async (question: AuthorityQuestion) =>
      (await store.current(question)).isTokenRevoked
    expect(await isRevoked(withToken(alice, 't1', 1))).toBe(true)
    expect(await isRevoked(withToken({ ...alice, subject: 'b', sessionId: 's9' }, 't1', 1))).toBe(
      true,
    )
    expect(await isRevoked(withToken(alice, 't2', 1))).toBe(false)
    expect(await isRevoked(withToken(sameNameElsewhere, 't1', 1))).toBe(false)
    expect(await isRevoked(alice)).toBe(false)
    expect(await store.current(withToken(alice, 't1', 1))).toMatchObject({
      generation: { subject: 0, session: 0 },
    })
  })

  it.each([
    contractIssuer,
    otherIssuer,
  ])('SES-8 remembers until when tokens of %s are void, and of one of its keys', async (issuer) => {
    const { store, now, tell } = await open(make)
    const lineage = { issuer, subject: 'alice', sessionId: 's1' }
    const ofKey = async (keyId: string) =>
      (await store.current(withToken(lineage, 't1', 1, keyId))).issuedBeforeMs
    const before = await ofKey('k1')
    const [first, second] = [now() + 1000, now() + 2000]
    const revoke = { type: 'revoke-issued-before', issuer } as const
    const told = await tell({ ...revoke, keyId: 'k1', issuedBeforeMs: second })
    expect(told).toEqual([{ type: 'check-all' }])
    expect([await ofKey('k1'), await ofKey('k2')]).toEqual([second, before])
    await store.apply({ ...revoke, issuedBeforeMs: first })
    expect([await ofKey('k1'), await ofKey('k2')]).toEqual([second, first])
    await store.apply({ ...revoke, issuedBeforeMs: 1 })
    expect(await ofKey('k2')).toBe(first)
    const elsewhere = { ...lineage, issuer: 'https://another.example' }
    expect((await store.current(withToken(elsewhere, 't1', 1))).issuedBeforeMs).toBeLessThan(first)
  })

  it('SES-8 takes no name for part of another', async () => {
    const { store } = await open(make)
    await store.apply({ type: 'revoke-token', issuer: 'a b', tokenId: 'c' })
    await store.apply({ type: 'end-subject', issuer: 'a', subject: 'b:c', issuedBeforeMs: 1 })
    const near = { issuer: 'a', subject: 'x', sessionId: 's' }
    expect(await store.current(withToken(near, 'b c', 1))).toMatchObject({ isTokenRevoked: false })
    expect(
      await store.current({ issuer: 'a:b', subject: 'c', sessionId: '__proto__' }),
    ).toMatchObject({ generation: { subject: 0, session: 0 }, isCookieEnded: false })
  })

  it('RX.1 tells of a session that is extended and of one socket that is ended, and records nothing', async () => {
    const { store, now, tell } = await open(make)
    const before = await store.current(withToken(alice, 't1', 1))
    const expiresAtMs = now() + 600_000
    const token = { id: 't2', keyId: 'k', issuedAtMs: now() }
    const extend = { sessionId: 's1', subject: 'alice', expiresAtMs, token } as const
    const told = await tell(
      { type: 'extend-session', ...extend },
      { type: 'end-connection', connectionId: 'c1' },
    )
    expect(told).toEqual([
      { type: 'session-extended', ...extend },
      { type: 'connection-ended', connectionId: 'c1' },
    ])
    expect(await store.current(withToken(alice, 't1', 1))).toEqual(before)
  })
}

const marginMs = 30_000

function describeMargins(make: () => Promise<AuthorityStoreUnderTest>): void {
  it.each<[string, AuthorityChange]>([
    ['session', { type: 'end-session', sessionId: 's1', subject: 'alice', marginMs }],
    [
      'subject',
      {
        type: 'end-subject',
        issuer: contractIssuer,
        subject: 'alice',
        issuedBeforeMs: 1,
        marginMs,
      },
    ],
    ['token', { type: 'revoke-token', issuer: contractIssuer, tokenId: 't1', marginMs }],
  ])('RX.1 leaves live sockets a margin after the end of a %s, and tells of it', async (_name, change) => {
    const { store, now, tell } = await open(make)
    const fromMs = now()
    expect(await tell(change)).toEqual([expect.objectContaining({ marginMs })])
    const { graceUntilMs } = await store.current(withToken(alice, 't1', 1))
    expect(graceUntilMs).toBeGreaterThanOrEqual(fromMs + marginMs)
    expect(graceUntilMs).toBeLessThanOrEqual(now() + marginMs)
  })

  const endSubject = {
    type: 'end-subject',
    issuer: contractIssuer,
    subject: 'alice',
    issuedBeforeMs: 1,
  } as const
  const endSession = { type: 'end-session', sessionId: 's1', subject: 'alice' } as const

  it.each<[string, AuthorityChange, AuthorityChange]>([
    ['a margin before it', { ...endSession, marginMs }, endSession],
    ['a margin after it', endSession, { ...endSession, marginMs }],
    ['a margin of its session', { ...endSession, marginMs }, endSubject],
    ['a later margin of its session', endSubject, { ...endSession, marginMs }],
    [
      'a margin of its token',
      endSession,
      {
        type: 'revoke-token',
        issuer: contractIssuer,
        tokenId: 't1',
        marginMs,
      },
    ],
  ])('SES-2 an end at once is not softened by %s', async (_name, first, second) => {
    const { store, now } = await open(make)
    await store.apply(first)
    await store.apply(second)
    const { graceUntilMs } = await store.current(withToken(alice, 't1', 1))
    expect(graceUntilMs).toBeLessThanOrEqual(now())
  })

  it('RX.1 of two margins the shorter one counts', async () => {
    const { store, now } = await open(make)
    await store.apply({ ...endSession, marginMs: 1000 })
    await store.apply({ ...endSubject, marginMs })
    const { graceUntilMs } = await store.current(alice)
    expect(graceUntilMs).toBeLessThanOrEqual(now() + 1000)
  })
}

function describeOrder(make: () => Promise<AuthorityStoreUnderTest>): void {
  it('RX.1 numbers its events one after the other', async () => {
    const { store, start, numbers } = await open(make)
    const changes: readonly AuthorityChange[] = [
      { type: 'end-session', sessionId: 's1', subject: 'alice' },
      { type: 'end-cookie', sessionId: 's2', subject: 'alice' },
      { type: 'end-connection', connectionId: 'c1' },
      { type: 'revoke-issued-before', issuer: otherIssuer, issuedBeforeMs: 5 },
    ]
    for (const change of changes) await store.apply(change)
    const { sequence } = start
    expect(await numbers(4)).toEqual([1, 2, 3, 4].map((each) => sequence + each))
  })

  it('SES-4 ends one session a hundred times at once: each end counts, no number comes twice', async () => {
    const { store, start, generationOf, numbers } = await open(make)
    const seen: number[] = []
    await Promise.all(
      Array.from({ length: 100 }, async () => {
        await store.apply({ type: 'end-session', sessionId: 's1', subject: 'alice' })
        seen.push((await generationOf(alice)).session)
      }),
    )
    // Each that was done is seen by whoever asks afterwards, and nobody sees an older number than was seen before.
    expect(seen.every((session, index) => session > index)).toBe(true)
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    expect(await generationOf(alice)).toMatchObject({ session: 100 })
    const { sequence } = start
    expect(await numbers(100)).toEqual(Array.from({ length: 100 }, (_, at) => sequence + at + 1))
  })

  it('SES-6 refuses changes once it was closed', async () => {
    const { store } = await open(make)
    await store.close()
    const change = { type: 'end-session', sessionId: 's1', subject: 'alice' } as const
    await expect(store.apply(change)).rejects.toThrow()
    expect(store.isFollowing()).toBe(false)
  })
}
