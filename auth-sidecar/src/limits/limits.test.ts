import { describe, expect, it } from 'vitest'
import { createMemoryAttemptLimiter } from './attempt-limiter.memory.ts'
import { addressKey } from './client-address.ts'

describe('attempt limiter in memory', () => {
  it('R4.1 does not let refused attempts extend the window', async () => {
    let nowMs = 0
    const limiter = createMemoryAttemptLimiter({
      limit: 1,
      windowMs: 60_000,
      maxKeys: 10,
      now: () => nowMs,
    })
    await limiter.count('a')
    nowMs = 59_999
    expect(await limiter.count('a')).toEqual({ allowed: false, retryAfterSeconds: 1 })
    nowMs = 60_000
    expect(await limiter.count('a')).toEqual({ allowed: true })
  })

  it('R4.1 admits exactly the limit of a volley', async () => {
    const limiter = createMemoryAttemptLimiter({
      limit: 10,
      windowMs: 60_000,
      maxKeys: 10,
      now: () => 0,
    })
    const volley = await Promise.all(Array.from({ length: 100 }, () => limiter.count('a')))
    expect(volley.filter((attempt) => attempt.allowed)).toHaveLength(10)
  })

  it('R4.3 keeps no more addresses than its bound: the oldest is forgotten first', async () => {
    const limiter = createMemoryAttemptLimiter({
      limit: 1,
      windowMs: 60_000,
      maxKeys: 100,
      now: () => 0,
    })
    for (let index = 0; index < 1000; index += 1) await limiter.count(`address-${index}`)
    // The latest are remembered and refused, the first were forgotten and may try again.
    expect(await limiter.count('address-999')).toMatchObject({ allowed: false })
    expect(await limiter.count('address-0')).toEqual({ allowed: true })
  })
})

describe('address key', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:0db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('R4.1 counts %s as %s', (address, key) => {
    expect(addressKey(address)).toBe(key)
  })
})
