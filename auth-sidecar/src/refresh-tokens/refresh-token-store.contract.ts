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

/** A family whose session ends a minute after `nowMs`; its current token has the family's name as its secret. */
export const refreshTokenAt = (
  nowMs: number,
  family: string,
  changes: Partial<RefreshTokenRecord> = {},
): RefreshTokenRecord => ({
  familyHash: hashSecret(`family ${family}`),
  secretHash: hashSecret(family),
  sessionId: 's1',
  subject: 'alice',
  sessionSecretHash: hashSecret('of s1'),
  expiresAtMs: nowMs + 60_000,
  ...changes,
})

/** Of a family that `refreshTokenAt` made: one token gives its place to another. */
export const rotationOf = (family: string, secret: string, nextSecret: string) => ({
  familyHash: hashSecret(`family ${family}`),
  secretHash: hashSecret(secret),
  nextSecretHash: hashSecret(nextSecret),
})

/** Expects that of forty at once, asked of `storeAt` by turns, one is fresh and is the one that counts from then on. */
export async function expectOneFreshOfForty(
  nowMs: number,
  storeAt: (index: number) => RefreshTokenStore,
): Promise<void> {
  const family = createSecret()
  const record = refreshTokenAt(nowMs, family)
  await storeAt(0).create(record)
  const rotated = await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      storeAt(index).rotate(rotationOf(family, family, `next ${index}`)),
    ),
  )
  const outcomes = rotated.map((each) => each?.outcome)
  expect(outcomes.filter((outcome) => outcome === 'fresh')).toHaveLength(1)
  expect(outcomes.filter((outcome) => outcome === 'reused')).toHaveLength(39)
  const secretHash = hashSecret(`next ${outcomes.indexOf('fresh')}`)
  expect(await storeAt(1).find(record.familyHash)).toEqual({ ...record, secretHash })
}

/** Registers the suite; `make` builds a fresh store for each test. */
export function describeRefreshTokenStore(make: () => Promise<RefreshTokenStoreUnderTest>): void {
  it('RX.3 keeps a family exactly as it was stored, and only looks at it where it is looked for', async () => {
    const { store, now } = await make()
    const record = refreshTokenAt(now(), 'a')
    await store.create(record)
    for (let count = 0; count < 3; count += 1) {
      expect(await store.find(record.familyHash)).toEqual(record)
    }
    expect(await store.rotate(rotationOf('a', 'a', 'a2'))).toMatchObject({ outcome: 'fresh' })
  })

  it('RX.3 puts the next token in the place of the current one, which is reused from then on', async () => {
    const { store, now } = await make()
    await store.create(refreshTokenAt(now(), 'a'))
    const record = { ...refreshTokenAt(now(), 'a'), secretHash: hashSecret('a2') }
    expect(await store.rotate(rotationOf('a', 'a', 'a2'))).toEqual({ outcome: 'fresh', record })
    for (let count = 0; count < 3; count += 1) {
      expect(await store.rotate(rotationOf('a', 'a', 'b'))).toEqual({ outcome: 'reused', record })
    }
    expect(await store.find(record.familyHash)).toEqual(record)
    expect(await store.rotate(rotationOf('a', 'a2', 'a3'))).toMatchObject({ outcome: 'fresh' })
  })

  it('RX.3 knows a token for an old copy after a thousand rotations, and one that never was for one', async () => {
    const { store, now } = await make()
    await store.create(refreshTokenAt(now(), '0'))
    for (let count = 0; count < 1000; count += 1) {
      const rotated = await store.rotate(rotationOf('0', `${count}`, `${count + 1}`))
      if (rotated?.outcome !== 'fresh') expect.fail(`refused at ${count}`)
    }
    for (const secret of ['0', '1', '500', '999', 'never']) {
      expect(await store.rotate(rotationOf('0', secret, 'x'))).toMatchObject({ outcome: 'reused' })
    }
    expect(await store.rotate(rotationOf('0', '1000', 'x'))).toMatchObject({ outcome: 'fresh' })
  })

  it('RX.3 is fresh for one of forty at once and reused for all others, fifty times', async () => {
    const { store, now } = await make()
    for (let round = 0; round < 50; round += 1) await expectOneFreshOfForty(now(), () => store)
  })

  it('RX.3 knows a family by the hash of its id only', async () => {
    const { store, now } = await make()
    const record = refreshTokenAt(now(), 'a')
    await store.create(record)
    const others = [record.secretHash, 'family a', 'a', 's1', 'alice', hashSecret('of s1'), '']
    for (const familyHash of others) {
      const rotation = { ...rotationOf('a', 'a', 'a2'), familyHash }
      expect(await store.rotate(rotation)).toBeUndefined()
      expect(await store.find(familyHash)).toBeUndefined()
    }
  })

  it('RX.3 SES-13 knows nothing of an expired family, whose end no rotation moves', async () => {
    const { store, now, advanceMs } = await make()
    for (const family of ['a', 'b']) await store.create(refreshTokenAt(now(), family))
    await store.create(refreshTokenAt(now(), 'longer', { expiresAtMs: now() + 90_000 }))
    await advanceMs(59_999)
    expect(await store.rotate(rotationOf('a', 'a', 'a2'))).toMatchObject({ outcome: 'fresh' })
    await advanceMs(1)
    for (const [family, secret] of [
      ['a', 'a'],
      ['a', 'a2'],
      ['b', 'b'],
    ] as const) {
      expect(await store.rotate(rotationOf(family, secret, 'x'))).toBeUndefined()
      expect(await store.find(rotationOf(family, secret, 'x').familyHash)).toBeUndefined()
    }
    const longer = await store.rotate(rotationOf('longer', 'longer', 'x'))
    expect(longer).toMatchObject({ outcome: 'fresh' })
  })

  it('RX.3 leaves other families alone, and takes a token in no family but its own', async () => {
    const { store, now } = await make()
    await store.create(refreshTokenAt(now(), 'a'))
    await store.create(refreshTokenAt(now(), 'bob', { sessionId: 's2', subject: 'bob' }))
    await store.rotate(rotationOf('a', 'a', 'a2'))
    const ofAnother = await store.rotate(rotationOf('a', 'bob', 'x'))
    expect(ofAnother).toMatchObject({ outcome: 'reused', record: { sessionId: 's1' } })
    expect(await store.rotate(rotationOf('bob', 'bob', 'bob2'))).toMatchObject({
      outcome: 'fresh',
      record: { sessionId: 's2', subject: 'bob' },
    })
  })
}
