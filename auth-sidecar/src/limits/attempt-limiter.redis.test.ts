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

  it('W94 takes a damaged window for an outage', async () => {
    const { limiter, prefix } = await make(2)
    await limiter.count('a')
    const [key = ''] = await keysOf(prefix)
    for (const damaged of ['many', '-1e400', '']) {
      await redis().command('HSET', key, 'count', damaged)
      await expect(limiter.peek('a')).rejects.toMatchObject({ code: 'corrupt-value' })
    }
    await expect(limiter.count('a')).rejects.toMatchObject({ code: 'CORRUPT' })
    await expect(limiter.giveBack('a')).rejects.toMatchObject({ code: 'CORRUPT' })
  })
})
