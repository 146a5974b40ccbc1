import { describe, expect, it } from 'vitest'
import { parseRedisAddress } from './redis-address.ts'

describe('the address of Redis', () => {
  it.each([
    ['redis://127.0.0.1:7000/0', { host: '127.0.0.1', port: 7000, isTls: false }],
    ['redis://redis', { host: 'redis', port: 6379, isTls: false }],
    ['redis://redis/', { host: 'redis', port: 6379, isTls: false }],
    ['rediss://side%3Acar@[::1]:1/0', { host: '::1', port: 1, isTls: true, username: 'side:car' }],
  ])('R0.2 is read from %s', (url, address) => {
    expect(parseRedisAddress(url)).toEqual({
      ok: true,
      value: { username: undefined, ...address },
    })
  })

  it.each([
    'redis://:canary@redis',
    'redis://user:canary@redis/0',
    'redis://canary@redis/1',
    'redis://canary@redis/00',
    'redis://redis/0?password=canary',
    'redis://redis/0#canary',
    'redis:canary',
    'redis:///canary',
    'http://canary/0',
    'unix:/canary',
    'redis://canary%ff@redis',
    '',
  ])('COO-4 is not read from %s, and nothing of that is repeated', (url) => {
    const parsed = parseRedisAddress(url)
    expect(parsed.ok).toBe(false)
    expect(JSON.stringify(parsed)).not.toContain('canary')
  })
})
