import { describe, expect, it } from 'vitest'
import { connectTo, freshPrefix, movableClock, useRedis } from '../redis/testing/redis-fixture.ts'
import { createSecret, hashSecret } from '../sessions/session-secret.ts'
import { describeRefreshTokenStore, refreshTokenAt } from './refresh-token-store.contract.ts'
import { createRedisRefreshTokenStore } from './refresh-token-store.redis.ts'

const redis = useRedis()

async function make({ prefix = freshPrefix(), maxPerSession = 20 } = {}) {
  const clock = movableClock()
  const connection = await connectTo(redis())
  const store = createRedisRefreshTokenStore({ connection, prefix, maxPerSession, now: clock.now })
  const outcomeOf = async (secret: string) => (await store.redeem(hashSecret(secret)))?.outcome
  return { store, ...clock, prefix, outcomeOf }
}

describe('refresh token store in Redis', () => {
  describeRefreshTokenStore(() => make())

  it('RX.3 is fresh for one of forty at once on two sidecars, fifty times', async () => {
    const { now, prefix, ...one } = await make()
    const two = await make({ prefix })
    for (let round = 0; round < 50; round += 1) {
      const secret = createSecret()
      await one.store.create(refreshTokenAt(now(), secret))
      const outcomes = await Promise.all(
        Array.from({ length: 40 }, (_, at) => (at % 2 === 0 ? one : two).outcomeOf(secret)),
      )
      expect(outcomes.filter((outcome) => outcome === 'fresh')).toHaveLength(1)
      expect(outcomes.filter((outcome) => outcome === 'reused')).toHaveLength(39)
    }
  })

  it('RX.3 lets a family’s oldest used one give way first, and its oldest when none was used', async () => {
    const { store, now, outcomeOf } = await make({ maxPerSession: 2 })
    await store.create(refreshTokenAt(now(), 'other', { sessionId: 's2' }))
    await store.create(refreshTokenAt(now(), 'a'))
    await store.create(refreshTokenAt(now(), 'b'))
    expect(await outcomeOf('b')).toBe('fresh')
    await store.create(refreshTokenAt(now(), 'c'))
    expect(await outcomeOf('b')).toBeUndefined()
    await store.create(refreshTokenAt(now(), 'd'))
    const left = await Promise.all(['a', 'c', 'd', 'other'].map(outcomeOf))
    expect(left).toEqual([undefined, 'fresh', 'fresh', 'fresh'])
  })

  it('RX.3 W51 stores no refresh token, and nothing for longer than it lives', async () => {
    const { store, now, prefix, outcomeOf } = await make()
    await store.create(refreshTokenAt(now(), 'canary-of-a-token'))
    await outcomeOf('canary-of-a-token')
    const keys = (await redis().command('KEYS', `${prefix}:*`)) as readonly string[]
    expect(keys).toHaveLength(2)
    for (const key of keys) {
      expect(key).not.toContain('canary')
      expect(String(await redis().command('DUMP', key))).not.toContain('canary')
      expect(await redis().command('PTTL', key)).toBeGreaterThan(50_000)
      expect(await redis().command('PTTL', key)).toBeLessThanOrEqual(60_000)
    }
  })

  it.each([
    ['no JSON', 'nonsense'],
    ['of another token', (text: string) => text.replace(hashSecret('a'), hashSecret('b'))],
  ])('W94 takes a record that is %s for an outage', async (_name, damage) => {
    const { store, now, prefix } = await make()
    const record = refreshTokenAt(now(), 'a')
    await store.create(record)
    const key = `${prefix}:{refresh}:token:${record.secretHash}`
    const text = (await redis().command('HGET', key, 'record')) as string
    const damaged = typeof damage === 'string' ? damage : damage(text)
    await redis().command('HSET', key, 'record', damaged)
    await expect(store.redeem(record.secretHash)).rejects.toMatchObject({ code: 'corrupt-value' })
  })
})
