import { describe, expect, it } from 'vitest'
import { connectTo, freshPrefix, movableClock, useRedis } from '../redis/testing/redis-fixture.ts'
import { createSecret, hashSecret } from '../sessions/session-secret.ts'
import { describeTicketStore, ticketAt } from './ticket-store.contract.ts'
import { createRedisTicketStore } from './ticket-store.redis.ts'

const redis = useRedis()

async function make({ prefix = freshPrefix(), maxPerSession = 100 } = {}) {
  const clock = movableClock()
  const connection = await connectTo(redis())
  const store = createRedisTicketStore({ connection, prefix, maxPerSession, now: clock.now })
  const redeems = async (secret: string) => (await store.redeem(hashSecret(secret))) !== undefined
  return { store, ...clock, prefix, redeems }
}

describe('ticket store in Redis', () => {
  describeTicketStore(() => make())

  it('W84 has one winner among forty at once on two sidecars, two hundred times', async () => {
    const { store, now, prefix } = await make()
    const { store: other } = await make({ prefix })
    for (let round = 0; round < 200; round += 1) {
      const secret = createSecret()
      await store.create(ticketAt(now(), secret))
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_, at) =>
          (at % 2 === 0 ? store : other).redeem(hashSecret(secret)),
        ),
      )
      expect(answers.filter((answer) => answer !== undefined)).toHaveLength(1)
    }
  })

  it('TKT-3 lets a session’s oldest ticket give way, and nobody else’s', async () => {
    const { store, now, redeems } = await make({ maxPerSession: 2 })
    await store.create(ticketAt(now(), 'other', { sessionId: 's2' }))
    await store.create(ticketAt(now(), 'foreign', { issuer: 'https://idp.example.com' }))
    for (const secret of ['a', 'b', 'c']) await store.create(ticketAt(now(), secret))
    const live = await Promise.all(['a', 'b', 'c', 'other', 'foreign'].map(redeems))
    expect(live).toEqual([false, true, true, true, true])
  })

  it('TKT-3 keeps to its bound per session whichever sidecars issue, and at once', async () => {
    const { store, now, prefix, redeems } = await make({ maxPerSession: 5 })
    const { store: other } = await make({ prefix, maxPerSession: 5 })
    const secrets = Array.from({ length: 40 }, createSecret)
    await Promise.all(
      secrets.map((secret, at) => (at % 2 === 0 ? store : other).create(ticketAt(now(), secret))),
    )
    const live = await Promise.all(secrets.map(redeems))
    expect(live.filter(Boolean)).toHaveLength(5)
  })

  it('TKT-3 counts a session’s live tickets: redeemed ones make room', async () => {
    const { store, now, redeems } = await make({ maxPerSession: 1 })
    for (const secret of ['a', 'b', 'c']) {
      await store.create(ticketAt(now(), secret))
      expect(await redeems(secret)).toBe(true)
    }
    await store.create(ticketAt(now(), 'd'))
    await store.create(ticketAt(now(), 'e'))
    expect([await redeems('d'), await redeems('e')]).toEqual([false, true])
  })

  it('TKT-3 W51 stores no ticket, and nothing for longer than it lives', async () => {
    const { store, now, prefix } = await make()
    await store.create(ticketAt(now(), 'canary-of-a-ticket'))
    const keys = (await redis().command('KEYS', `${prefix}:*`)) as readonly string[]
    expect(keys).toHaveLength(2)
    for (const key of keys) {
      expect(key).not.toContain('canary')
      expect(String(await redis().command('DUMP', key))).not.toContain('canary')
      expect(await redis().command('PTTL', key)).toBeGreaterThan(25_000)
      expect(await redis().command('PTTL', key)).toBeLessThanOrEqual(30_000)
    }
  })

  it('TKT-3 counts what it issued and does not know to be gone', async () => {
    const { store, now, advanceMs, redeems } = await make()
    for (const secret of ['a', 'b', 'c']) await store.create(ticketAt(now(), secret))
    await redeems('b')
    expect(store.size()).toBe(2)
    await advanceMs(30_000)
    expect(store.size()).toBe(0)
  })

  it('W94 takes a damaged ticket for an outage, and burns it', async () => {
    const { store, now, prefix } = await make()
    const record = ticketAt(now(), 'a')
    await store.create(record)
    const key = `${prefix}:{tickets}:ticket:${record.secretHash}`
    const text = (await redis().command('GET', key)) as string
    await redis().command('SET', key, text.replace(record.secretHash, hashSecret('b')))
    await expect(store.redeem(record.secretHash)).rejects.toMatchObject({ code: 'corrupt-value' })
    expect(await store.redeem(record.secretHash)).toBeUndefined()
  })
})
