// How long every authority store remembers: as long as anything can refer to a record, and no longer. Run on each
// variant by its own test file, with a clock that can be moved or with a life that is short enough to be waited for.

import { describe, expect, it, onTestFinished } from 'vitest'
import { type AuthorityStoreUnderTest, contractIssuer } from './authority-store.contract.ts'
import type { AuthorityChange, AuthorityQuestion } from './authority-store.ts'

/** Times are told in parts of a life, so wide apart that a real clock may be late. */
export type AgingStoreUnderTest = AuthorityStoreUnderTest & {
  readonly advanceMs: (byMs: number) => Promise<void>
  readonly recordLifeMs: number
}

const alice: AuthorityQuestion = {
  issuer: contractIssuer,
  subject: 'alice',
  sessionId: 's1',
  token: { id: 't1', keyId: 'k1', issuedAtMs: 1 },
}
const endSubject = {
  type: 'end-subject',
  issuer: contractIssuer,
  subject: 'alice',
  issuedBeforeMs: 1,
} as const

/** Registers the suite; `make` builds a fresh store for each test. */
export function describeAgingAuthorityStore(
  name: string,
  make: () => Promise<AgingStoreUnderTest>,
): void {
  async function open() {
    const { store, now, advanceMs, recordLifeMs, close } = await make()
    onTestFinished(close)
    const advanceLives = (lives: number) => advanceMs(lives * recordLifeMs)
    return { store, now, advanceLives, recordLifeMs }
  }

  describe(`how long an authority store remembers: ${name}`, () => {
    const issuer = contractIssuer
    it.each<[string, AuthorityChange]>([
      ['an ended session', { type: 'end-session', sessionId: 's1', subject: 'alice' }],
      ['an ended cookie', { type: 'end-cookie', sessionId: 's1', subject: 'alice' }],
      ['a revoked token', { type: 'revoke-token', issuer, tokenId: 't1' }],
      ['a revoked key', { type: 'revoke-issued-before', issuer, keyId: 'k1', issuedBeforeMs: 2 }],
      ['a revoked issuer', { type: 'revoke-issued-before', issuer, issuedBeforeMs: 2 }],
    ])('SES-12 remembers %s for as long as anything of it can live, and no longer', async (_name, change) => {
      const { store, advanceLives } = await open()
      const before = await store.current(alice)
      await store.apply(change)
      const ended = await store.current(alice)
      expect(ended).not.toEqual(before)
      await advanceLives(0.6)
      expect(await store.current(alice)).toEqual(ended)
      await advanceLives(0.6)
      expect(await store.current(alice)).toEqual(before)
    })

    it('SES-12 remembers what is void until a time to come for a life beyond that', async () => {
      const { store, now, advanceLives, recordLifeMs } = await open()
      const issuedBeforeMs = now() + recordLifeMs
      await store.apply({ type: 'revoke-issued-before', issuer, issuedBeforeMs })
      await advanceLives(1.6)
      expect(await store.current(alice)).toMatchObject({ issuedBeforeMs })
    })

    it('SES-12 does not let a subject’s number fall back while what carries it may live', async () => {
      const { store, advanceLives } = await open()
      const numberOf = async () => (await store.current(alice)).generation.subject
      await store.apply(endSubject)
      await advanceLives(0.9)
      // A session begins with this number, and is asked about only just before it ends.
      expect(await numberOf()).toBe(1)
      await advanceLives(0.8)
      expect(await numberOf()).toBe(1)
      await advanceLives(0.8)
      expect(await numberOf()).toBe(1)
      await store.apply(endSubject)
      expect(await numberOf()).toBe(2)
      await advanceLives(3)
      expect(await numberOf()).toBe(0)
    })
  })
}
