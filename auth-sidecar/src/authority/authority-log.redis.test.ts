import { describe, expect, it } from 'vitest'
import { connectTo, freshPrefix, useRedis } from '../redis/testing/redis-fixture.ts'
import { createAuthorityLog } from './authority-log.redis.ts'
import { pairKey } from './authority-records.ts'

const redis = useRedis()

async function open() {
  const connection = await connectTo(redis())
  const log = createAuthorityLog({ connection, prefix: freshPrefix(), maxEvents: 100 })
  const { head } = await log.look([])
  await log.renew(head, 'e1', 1)
  return log
}

describe('authority as it lies in Redis', () => {
  it('RX.2 is looked at without the last event, which only those who follow need', async () => {
    const log = await open()
    const { head } = await log.look([])
    expect(await log.commit(head, [], ['a line'])).toBe(true)
    expect((await log.look([])).head).toEqual({
      epoch: 'e1',
      startedAtMs: '1',
      sequence: '1',
      line: null,
    })
    expect((await log.readFrom(0)).head.line).toBe('a line')
  })

  it('SES-8 finds the records of one issuer after those of another', async () => {
    const log = await open()
    const [one, other] = ['https://a.example', 'https://b.example'].map((key) => ({
      kind: 'issuer' as const,
      key,
    }))
    if (!one || !other) return expect.unreachable()
    const ofKey = { kind: 'key' as const, key: pairKey(one.key, 'k1') }
    const { head } = await log.look([])
    const records = [
      { place: one, text: 'one', lifeMs: 60_000 },
      { place: other, text: 'other', lifeMs: 60_000 },
      { place: ofKey, text: 'key', lifeMs: 60_000 },
    ]
    await log.commit(head, records, ['a line'])
    for (const places of [
      [one, other, ofKey],
      [other, one, ofKey],
      [one, one, other],
    ]) {
      const texts = places.map(({ key }) => records.find(({ place }) => place.key === key)?.text)
      expect((await log.look(places)).texts).toEqual(texts)
    }
  })
})
