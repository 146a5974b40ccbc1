import { describe, expect, it, vi } from 'vitest'
import { connectTo, freshPrefix, movableClock, useRedis } from '../redis/testing/redis-fixture.ts'
import { describeAttemptLimiter } from './attempt-limiter.contract.ts'
import { redisAttemptLimiters } from './attempt-limiter.redis.ts'

const redis = useRedis()
const windowMs = 60_000

async function make(limit: number, { prefix = freshPrefix(), maxKeys = 1000 } = {}) {
  const { now, advanceMs } = movableClock()
  const connection = await connectTo(redis())
  const limiters = redisAttemptLimiters({ connection, prefix, windowMs, maxKeys, now })
  return { limiter: limiters('handshakes', limit), limiters, advanceMs, prefix }
}

const keysOf = async (prefix: string) =>
  (await redis().command('KEYS', `${prefix}:*`)) as readonly string[]

describeAttemptLimiter('in Redis', (limit) => make(limit))

describe('attempts that sidecars count together', () => {
  it('R4.1 admits exactly the limit of a volley over two sidecars', async () => {
    const { limiter, prefix } = await make(10)
    const { limiter: other } = await make(10, { prefix })
    const volley = await Promise.all(
      Array.from({ length: 100 }, (_, at) => (at % 2 === 0 ? limiter : other).count('a')),
    )
    expect(volley.filter(({ allowed }) => allowed)).toHaveLength(10)
  })

  it('R4.1 counts apart what limiters of two names count', async () => {
    const { limiters } = await make(1)
    await limiters('logins', 1).count('a')
    expect(await limiters('tickets', 1).count('a')).toEqual({ allowed: true })
    expect(await limiters('logins', 1).count('a')).toMatchObject({ allowed: false })
  })

  it('R4.1 lets no sidecar whose clock is ahead stretch a window beyond its length', async () => {
    const { limiter, prefix } = await make(1)
    const { limiter: ahead, advanceMs } = await make(1, { prefix })
    await advanceMs(20_000)
    await ahead.count('a')
    expect(await limiter.count('a')).toEqual({ allowed: false, retryAfterSeconds: 60 })
    const [key = ''] = await keysOf(prefix)
    expect(await redis().command('PTTL', key)).toBeLessThanOrEqual(windowMs)
  })

  it('R4.3 W18 leaves no more keys in Redis than its bound, and forgets no refusal for fresh addresses', async () => {
    const { limiter, prefix } = await make(2, { maxKeys: 50 })
    await limiter.count('attacker')
    await limiter.count('attacker')
    for (let round = 0; round < 10; round += 1) {
      await Promise.all(
        Array.from({ length: 100 }, (_, at) => limiter.count(`fresh ${round} ${at}`)),
      )
    }
    await vi.waitFor(async () => expect(await keysOf(prefix)).toHaveLength(50))
    expect(limiter.state()).toEqual({ keys: 50, spentKeys: 1 })
    expect(await limiter.count('attacker')).toMatchObject({ allowed: false })
  })

  it('R4.3 forgets the oldest spent window when all are spent', async () => {
    const { limiter, prefix } = await make(1, { maxKeys: 2 })
    for (const key of ['old', 'middle', 'new']) await limiter.count(key)
    await vi.waitFor(async () => expect(await keysOf(prefix)).toHaveLength(2))
    expect(await limiter.peek('old')).toEqual({ allowed: true })
    expect(await limiter.peek('middle')).toMatchObject({ allowed: false })
    expect(await limiter.peek('new')).toMatchObject({ allowed: false })
  })

  it('R4.3 holds nothing once all windows have ended', async () => {
    const { limiter, advanceMs } = await make(2)
    for (const key of ['a', 'b', 'b']) await limiter.count(key)
    expect(limiter.state()).toEqual({ keys: 2, spentKeys: 1 })
    await advanceMs(windowMs)
    expect(limiter.state()).toEqual({ keys: 0, spentKeys: 0 })
  })

  it('LOG-2 stores no address and no account', async () => {
    const { limiter, prefix } = await make(2)
    await limiter.count('canary@example.com 10.0.0.1')
    const [key = ''] = await keysOf(prefix)
    expect(key).toMatch(/^test-\d+:attempts:[\w-]{43}$/)
    expect(await redis().command('HKEYS', key)).toEqual(['count', 'startedAtMs'])
  })

  it.each<[string, (key: string) => readonly (readonly [string, ...string[]])[]]>([
    ['a count that is no number', (key) => [['HSET', key, 'count', 'many']]],
    ['a count with a sign', (key) => [['HSET', key, 'count', '-1']]],
    ['a count beyond all numbers', (key) => [['HSET', key, 'count', '9'.repeat(400)]]],
    ['a count that is no whole number', (key) => [['HSET', key, 'count', '1.5']]],
    ['a beginning that is no number', (key) => [['HSET', key, 'startedAtMs', 'inf']]],
    ['no beginning', (key) => [['HDEL', key, 'startedAtMs']]],
    ['no count', (key) => [['HDEL', key, 'count']]],
    [
      'no beginning and no end',
      (key) => [
        ['HDEL', key, 'startedAtMs'],
        ['PERSIST', key],
      ],
    ],
    ['another type', (key) => [['SET', key, 'x']]],
  ])('W94 R4.1 takes a damaged window for a spent one, for a window: %s', async (_name, damage) => {
    for (const first of ['count', 'peek'] as const) {
      const { limiter, prefix, advanceMs } = await make(100)
      await limiter.count('a')
      const [key = ''] = await keysOf(prefix)
      for (const command of damage(key)) await redis().command(...command)
      await limiter.giveBack('a')
      expect(await limiter[first]('a')).toEqual({ allowed: false, retryAfterSeconds: 60 })
      expect(await redis().command('PTTL', key)).toBeGreaterThan(windowMs - 10_000)
      await advanceMs(30_000)
      expect(await limiter.peek('a', 1000)).toEqual({ allowed: false, retryAfterSeconds: 30 })
      expect(await limiter.count('a')).toEqual({ allowed: false, retryAfterSeconds: 30 })
      await advanceMs(30_000)
      expect(await limiter.peek('a')).toEqual({ allowed: true })
      expect(await limiter.count('a')).toEqual({ allowed: true })
    }
  })

  it('W94 R4.1 gives a window that Redis would never forget its end', async () => {
    const { limiter, prefix, advanceMs } = await make(100)
    await limiter.count('a')
    const [key = ''] = await keysOf(prefix)
    await redis().command('PERSIST', key)
    expect(await limiter.count('a')).toEqual({ allowed: false, retryAfterSeconds: 60 })
    expect(await redis().command('PTTL', key)).toBeGreaterThan(windowMs - 10_000)
    await advanceMs(windowMs)
    expect(await limiter.count('a')).toEqual({ allowed: true })
  })
})
