// What every session store promises. Run on each variant by its own test file.

import { expect, it } from 'vitest'
import type { SessionRecord, SessionStore } from './session-store.ts'

/** A store under test and a clock that the suite can move. */
export type SessionStoreUnderTest = {
  readonly store: SessionStore
  readonly now: () => number
  readonly advanceMs: (byMs: number) => Promise<void>
}

/** A session that expires a minute after `nowMs`. */
export const sessionAt = (nowMs: number, id: string): SessionRecord => ({
  secretHash: `hash-${id}`,
  sessionId: `session-${id}`,
  subject: 'alice',
  username: 'Alice',
  groups: ['staff'],
  generation: { epoch: 'e', subject: 0, session: 0 },
  device: { clientId: 'c', deviceType: 'browser', ipAddress: '127.0.0.1' },
  userFingerprint: 'user-as-it-was',
  createdAtMs: nowMs,
  expiresAtMs: nowMs + 60_000,
})

/** Registers the suite; `make` builds a fresh store for each test. */
export function describeSessionStore(make: () => Promise<SessionStoreUnderTest>): void {
  it('R0.3 finds a session right after it was created, exactly as it was stored', async () => {
    const { store, now } = await make()
    const session = sessionAt(now(), 'a')
    await store.create(session)
    expect(await store.find('hash-a')).toEqual(session)
  })

  it('R0.2 knows nothing of a secret that was never stored, nor of a session id used as one', async () => {
    const { store, now } = await make()
    await store.create(sessionAt(now(), 'a'))
    expect(await store.find('hash-b')).toBeUndefined()
    expect(await store.find('session-a')).toBeUndefined()
  })

  it('R0.2 forgets the removed session and keeps the others of the same subject', async () => {
    const { store, now } = await make()
    await store.create(sessionAt(now(), 'a'))
    await store.create(sessionAt(now(), 'b'))
    await store.remove('session-a')
    expect(await store.find('hash-a')).toBeUndefined()
    expect(await store.find('hash-b')).toBeDefined()
  })

  it('R0.2 removes twice without complaint', async () => {
    const { store, now } = await make()
    await store.create(sessionAt(now(), 'a'))
    await store.remove('session-a')
    await expect(store.remove('session-a')).resolves.toBeUndefined()
  })

  it('R1.2 lists the live sessions of a subject, oldest first, and nobody else’s', async () => {
    const { store, now, advanceMs } = await make()
    await store.create(sessionAt(now(), 'a'))
    await advanceMs(30_000)
    await store.create(sessionAt(now(), 'b'))
    await store.create(sessionAt(now(), 'c'))
    await store.create({ ...sessionAt(now(), 'd'), subject: 'bob' })
    await store.remove('session-c')
    const ids = async () => (await store.ofSubject('alice')).map(({ sessionId }) => sessionId)
    expect(await ids()).toEqual(['session-a', 'session-b'])
    await advanceMs(30_000)
    expect(await ids()).toEqual(['session-b'])
    expect(await store.ofSubject('nobody')).toEqual([])
  })

  it('R0.1 never finds an expired session', async () => {
    const { store, now, advanceMs } = await make()
    await store.create(sessionAt(now(), 'a'))
    await advanceMs(60_000)
    expect(await store.find('hash-a')).toBeUndefined()
  })
}
