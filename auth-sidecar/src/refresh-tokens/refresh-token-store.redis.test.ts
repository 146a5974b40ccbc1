import { describe, expect, it } from 'vitest'
import { connectTo, freshPrefix, movableClock, useRedis } from '../redis/testing/redis-fixture.ts'
import { hashSecret } from '../sessions/session-secret.ts'
import {
  describeRefreshTokenStore,
  expectOneFreshOfForty,
  refreshTokenAt,
  rotationOf,
} from './refresh-token-store.contract.ts'
import { createRedisRefreshTokenStore } from './refresh-token-store.redis.ts'

const redis = useRedis()

async function make({ prefix = freshPrefix() } = {}) {
  const clock = movableClock()
  const connection = await connectTo(redis())
  const store = createRedisRefreshTokenStore({ connection, prefix, now: clock.now })
  const keyOf = (family: string) => `${prefix}:{refresh}:family:${hashSecret(`family ${family}`)}`
  return { store, ...clock, prefix, keyOf }
}

describe('refresh token store in Redis', () => {
  describeRefreshTokenStore(() => make())

  it('RX.3 is fresh for one of forty at once on two sidecars, fifty times', async () => {
    const one = await make()
    const two = await make(one)
    const storeAt = (index: number) => (index % 2 === 0 ? one : two).store
    for (let round = 0; round < 50; round += 1) await expectOneFreshOfForty(one.now(), storeAt)
  })

  it('RX.3 W51 stores no refresh token, one key a family, and nothing for longer than it lives', async () => {
    const { store, now, prefix, keyOf } = await make()
    await store.create(refreshTokenAt(now(), 'canary'))
    for (let count = 0; count < 30; count += 1) {
      const secret = count === 0 ? 'canary' : `canary ${count}`
      await store.rotate(rotationOf('canary', secret, `canary ${count + 1}`))
    }
    const keys = (await redis().command('KEYS', `${prefix}:*`)) as readonly string[]
    expect(keys).toEqual([keyOf('canary')])
    expect(keys[0]).not.toContain('canary')
    const kept = (await redis().command('HGETALL', keyOf('canary'))) as readonly string[]
    expect(kept.join()).not.toContain('canary')
    expect(kept.join().length).toBeLessThan(400)
    expect(await redis().command('PTTL', keyOf('canary'))).toBeGreaterThan(50_000)
    expect(await redis().command('PTTL', keyOf('canary'))).toBeLessThanOrEqual(60_000)
  })

  it('W94 full takes no new family and loses none; what could not be rotated is as good as before', async () => {
    const { store, now } = await make()
    await store.create(refreshTokenAt(now(), 'a'))
    await redis().config('maxmemory', 1)
    try {
      await expect(store.create(refreshTokenAt(now(), 'b'))).rejects.toThrow()
      await expect(store.rotate(rotationOf('a', 'a', 'a2'))).rejects.toThrow()
    } finally {
      await redis().config('maxmemory', 0)
    }
    expect(await store.rotate(rotationOf('a', 'a', 'a2'))).toMatchObject({ outcome: 'fresh' })
    expect(await store.find(refreshTokenAt(now(), 'b').familyHash)).toBeUndefined()
  })

  it.each<[string, (text: string) => string]>([
    ['no JSON', () => 'nonsense'],
    ['of another family', (text) => text.replace(hashSecret('family a'), hashSecret('family b'))],
    ['of a form that it cannot have', (text) => text.replace('{', '{"more":1,')],
  ])('W94 takes a record that is %s for an outage', async (_name, damage) => {
    const { store, now, keyOf } = await make()
    const { familyHash } = refreshTokenAt(now(), 'a')
    await store.create(refreshTokenAt(now(), 'a'))
    const text = (await redis().command('HGET', keyOf('a'), 'record')) as string
    await redis().command('HSET', keyOf('a'), 'record', damage(text))
    const corrupt = { code: 'corrupt-value' }
    await expect(store.find(familyHash)).rejects.toMatchObject(corrupt)
    await expect(store.rotate(rotationOf('a', 'a', 'a2'))).rejects.toMatchObject(corrupt)
  })

  it.each([
    'record',
    'secret',
  ])('W94 takes a family without its %s for an outage', async (field) => {
    const { store, now, keyOf } = await make()
    await store.create(refreshTokenAt(now(), 'a'))
    await redis().command('HDEL', keyOf('a'), field)
    const corrupt = { code: 'corrupt-value' }
    const { familyHash } = refreshTokenAt(now(), 'a')
    await expect(store.find(familyHash)).rejects.toMatchObject(corrupt)
    await expect(store.rotate(rotationOf('a', 'a', 'a2'))).rejects.toMatchObject(corrupt)
  })
})
