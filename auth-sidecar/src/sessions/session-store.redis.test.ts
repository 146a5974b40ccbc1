import { describe, expect, it } from 'vitest'
import { connectTo, freshPrefix, movableClock, useRedis } from '../redis/testing/redis-fixture.ts'
import { describeSessionStore, sessionAt } from './session-store.contract.ts'
import { createRedisSessionStore } from './session-store.redis.ts'

const redis = useRedis()

async function make(prefix = freshPrefix()) {
  const clock = movableClock()
  const connection = await connectTo(redis())
  return {
    store: createRedisSessionStore({ connection, prefix, now: clock.now }),
    ...clock,
    prefix,
  }
}

const keysOf = async (prefix: string) =>
  (await redis().command('KEYS', `${prefix}:*`)) as readonly string[]

describe('session store in Redis', () => {
  describeSessionStore(make)

  it('R0.3 finds on one sidecar what another has just stored, and not what it has just removed', async () => {
    const { store, now, prefix } = await make()
    const { store: other } = await make(prefix)
    for (let round = 0; round < 50; round += 1) {
      const session = sessionAt(now(), `${round}`)
      await store.create(session)
      expect(await other.find(session.secretHash)).toEqual(session)
      await other.remove(session.sessionId)
      expect(await store.find(session.secretHash)).toBeUndefined()
    }
  })

  it('R0.2 leaves nothing behind of a session that was removed', async () => {
    const { store, now, prefix } = await make()
    await store.create(sessionAt(now(), 'a'))
    await store.create(sessionAt(now(), 'b'))
    await store.remove('session-a')
    await store.remove('session-b')
    expect(await keysOf(prefix)).toEqual([])
  })

  it('R0.2 lets Redis forget everything of a session when it ends', async () => {
    const { store, now, prefix } = await make()
    await store.create({ ...sessionAt(now(), 'later'), expiresAtMs: now() + 120_000 })
    await store.create(sessionAt(now(), 'a'))
    const lives = await Promise.all(
      (await keysOf(prefix)).map(async (key) => Number(await redis().command('PTTL', key))),
    )
    expect(lives).toHaveLength(5)
    for (const lifeMs of lives) {
      expect(lifeMs).toBeGreaterThan(50_000)
      expect(lifeMs).toBeLessThanOrEqual(120_000)
    }
    expect(Math.max(...lives)).toBeGreaterThan(110_000)
  })

  it('R1.2 forgets ended sessions of a subject as new ones begin', async () => {
    const { store, now, advanceMs, prefix } = await make()
    for (let count = 0; count < 10; count += 1) {
      await store.create(sessionAt(now(), `${count}`))
      await advanceMs(30_000)
    }
    const list = (await keysOf(prefix)).find((key) => key.includes(':subject:')) ?? ''
    expect(await redis().command('ZCARD', list)).toBe(2)
  })

  it.each([
    ['no JSON', 'nonsense'],
    ['of another form', '{"secretHash":"hash-a"}'],
    ['with a field too many', (text: string) => text.replace('{', '{"isAdmin":true,')],
    ['of another secret', (text: string) => text.replace('hash-a', 'hash-b')],
    ['without an end', (text: string) => text.replace(/"expiresAtMs":\d+/, '"expiresAtMs":null')],
  ])('W94 takes a value that is %s for an outage, never for an answer', async (_name, damage) => {
    const { store, now, prefix } = await make()
    await store.create(sessionAt(now(), 'a'))
    const key = `${prefix}:{sessions}:secret:hash-a`
    const text = (await redis().command('GET', key)) as string
    await redis().command('SET', key, typeof damage === 'string' ? damage : damage(text))
    await expect(store.find('hash-a')).rejects.toMatchObject({ code: 'corrupt-value' })
    await expect(store.ofSubject('alice')).rejects.toMatchObject({ code: 'corrupt-value' })
    await store.remove('session-a')
    expect(await store.find('hash-a')).toBeUndefined()
  })

  it('W94 takes a key of another type for an outage', async () => {
    const { store, prefix } = await make()
    await redis().command('SADD', `${prefix}:{sessions}:secret:hash-a`, 'x')
    await expect(store.find('hash-a')).rejects.toMatchObject({ code: 'WRONGTYPE' })
  })

  it('LIM-8 stores no record that is too long to be one of ours', async () => {
    const { store, now, prefix } = await make()
    const session = { ...sessionAt(now(), 'b'), username: 'x'.repeat(100_000) }
    await expect(store.create(session)).rejects.toThrow('too long')
    expect(await keysOf(prefix)).toEqual([])
  })
})
