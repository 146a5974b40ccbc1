import { describe, expect, it } from 'vitest'
import { redisFault } from './redis-fitness.ts'

const info = (changes: Record<string, string> = {}) =>
  Object.entries({
    redis_version: '7.0.15',
    loading: '0',
    maxmemory: '0',
    maxmemory_policy: 'noeviction',
    role: 'master',
    ...changes,
  })
    .map(([name, value]) => `${name}:${value}\r\n`)
    .join('')

describe('a Redis that may hold authority', () => {
  it.each([{}, { redis_version: '8.2.0' }, { maxmemory: '1000000' }])('W94 is as %j', (changes) => {
    expect(redisFault(`# Server\r\n${info(changes)}\r\n# Keyspace\r\n`)).toBeUndefined()
  })

  it.each<[string, Record<string, string>]>([
    ['evicts', { maxmemory_policy: 'allkeys-lru' }],
    ['evicts', { maxmemory_policy: 'volatile-ttl', maxmemory: '1000000' }],
    ['evicts', { maxmemory_policy: '' }],
    ['too-old', { redis_version: '6.2.14' }],
    ['loading', { loading: '1' }],
    ['replica', { role: 'slave' }],
    ['replica', { role: '' }],
    ['not-understood', { redis_version: 'x' }],
  ])('W94 is no Redis that %s: %j', (reason, changes) => {
    expect(redisFault(info(changes))?.reason).toBe(reason)
  })

  it('W94 is no server that does not say', () => {
    expect(redisFault('')?.reason).toBe('not-understood')
    expect(redisFault('redis_version:7.0.15')?.reason).toBe('not-understood')
  })

  it('W94 only passes by itself where nobody has to do anything', () => {
    const isPassing = (changes: Record<string, string>) => redisFault(info(changes))?.isPassing
    expect([isPassing({ loading: '1' }), isPassing({ role: 'slave' })]).toEqual([true, true])
    expect([isPassing({ maxmemory_policy: 'x' }), isPassing({ redis_version: '5' })]).toEqual([
      false,
      false,
    ])
  })
})
