// What every refresh token store promises. Run on each variant by its own test file.

import { expect, it } from 'vitest'
import { createSecret, hashSecret } from '../sessions/session-secret.ts'
import type { RefreshTokenRecord, RefreshTokenStore } from './refresh-token-store.ts'

/** A store under test and a clock that the suite can move. */
export type RefreshTokenStoreUnderTest = {
  readonly store: RefreshTokenStore
  readonly now: () => number
  readonly advanceMs: (byMs: number) => Promise<void>
}

/** A refresh token of a session that ends a minute after `nowMs`. */
export const refreshTokenAt = (
  nowMs: number,
  secret: string,
  changes: Partial<RefreshTokenRecord> = {},
): RefreshTokenRecord => ({
  secretHash: hashSecret(secret),
  sessionId: 's1',
  subject: 'alice',
  sessionSecretHash: hashSecret('of s1'),
  expiresAtMs: nowMs + 60_000,
  ...changes,
})

/** Registers the suite; `make` builds a fresh store for each test. */
export function describeRefreshTokenStore(make: () => Promise<RefreshTokenStoreUnderTest>): void {
  it('RX.3 gives a refresh token out fresh once, exactly as it was stored, and knows it ever after', async () => {
    const { store, now } = await make()
    const record = refreshTokenAt(now(), 'a')
    await store.create(record)
    expect(await store.redeem(hashSecret('a'))).toEqual({ outcome: 'fresh', record })
    for (let count = 0; count < 3; count += 1) {
      expect(await store.redeem(hashSecret('a'))).toEqual({ outcome: 'reused', record })
    }
  })

  it('RX.3 is fresh for one of forty at once and reused for all others, fifty times', async () => {
    const { store, now } = await make()
    for (let round = 0; round < 50; round += 1) {
      const secret = createSecret()
      await store.create(refreshTokenAt(now(), secret))
      const redeemed = await Promise.all(
        Array.from({ length: 40 }, () => store.redeem(hashSecret(secret))),
      )
      const outcomes = redeemed.map((each) => each?.outcome)
      expect(outcomes.filter((outcome) => outcome === 'fresh')).toHaveLength(1)
      expect(outcomes.filter((outcome) => outcome === 'reused')).toHaveLength(39)
    }
  })

  it('RX.3 knows a refresh token by its hash only', async () => {
    const { store, now } = await make()
    await store.create(refreshTokenAt(now(), 'a'))
    for (const other of ['a', 's1', 'alice', hashSecret('of s1'), hashSecret('b'), '']) {
      expect(await store.redeem(other)).toBeUndefined()
    }
  })

  it('RX.3 SES-13 knows nothing of an expired one, used or not', async () => {
    const { store, now, advanceMs } = await make()
    await store.create(refreshTokenAt(now(), 'a'))
    await store.create(refreshTokenAt(now(), 'b'))
    await store.create(refreshTokenAt(now(), 'longer', { expiresAtMs: now() + 90_000 }))
    await advanceMs(59_999)
    expect(await store.redeem(hashSecret('a'))).toMatchObject({ outcome: 'fresh' })
    await advanceMs(1)
    expect(await store.redeem(hashSecret('a'))).toBeUndefined()
    expect(await store.redeem(hashSecret('b'))).toBeUndefined()
    expect(await store.redeem(hashSecret('longer'))).toMatchObject({ outcome: 'fresh' })
  })

  it('RX.3 keeps one fresh while another of the same session is used, and others’ too', async () => {
    const { store, now } = await make()
    await store.create(refreshTokenAt(now(), 'a'))
    await store.create(refreshTokenAt(now(), 'b'))
    await store.create(refreshTokenAt(now(), 'bob', { sessionId: 's2', subject: 'bob' }))
    await store.redeem(hashSecret('a'))
    expect(await store.redeem(hashSecret('a'))).toMatchObject({ outcome: 'reused' })
    expect(await store.redeem(hashSecret('b'))).toMatchObject({ outcome: 'fresh' })
    expect(await store.redeem(hashSecret('bob'))).toMatchObject({
      outcome: 'fresh',
      record: { sessionId: 's2', subject: 'bob' },
    })
  })

  it('RX.3 remembers the first of a long row of rotations', async () => {
    const { store, now } = await make()
    for (let count = 0; count < 10; count += 1) {
      await store.create(refreshTokenAt(now(), `rotated ${count}`))
      await store.redeem(hashSecret(`rotated ${count}`))
    }
    expect(await store.redeem(hashSecret('rotated 0'))).toMatchObject({ outcome: 'reused' })
  })
}
