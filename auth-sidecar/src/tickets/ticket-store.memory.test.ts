import { describe, expect, it } from 'vitest'
import { hashSecret } from '../sessions/session-secret.ts'
import { describeTicketStore, ticketAt } from './ticket-store.contract.ts'
import { createMemoryTicketStore } from './ticket-store.memory.ts'

function make(maxTickets = 100, maxPerSession = 100) {
  let nowMs = 1_000_000
  const now = () => nowMs
  const store = createMemoryTicketStore({ maxTickets, maxPerSession, now })
  const advanceMs = (byMs: number) => {
    nowMs += byMs
  }
  const redeems = async (secret: string) => (await store.redeem(hashSecret(secret))) !== undefined
  return { store, now, advanceMs, redeems }
}

describe('ticket store in memory', () => {
  describeTicketStore(async () => {
    const { store, now, advanceMs } = make()
    return { store, now, advanceMs: async (byMs) => advanceMs(byMs) }
  })

  it('TKT-3 lets a session’s oldest ticket give way, and nobody else’s', async () => {
    const { store, now, redeems } = make(100, 2)
    await store.create(ticketAt(now(), 'other', { sessionId: 's2' }))
    await store.create(ticketAt(now(), 'foreign', { issuer: 'https://idp.example.com' }))
    for (const secret of ['a', 'b', 'c']) await store.create(ticketAt(now(), secret))
    expect(store.size()).toBe(4)
    const live = await Promise.all(['a', 'b', 'c', 'other', 'foreign'].map(redeems))
    expect(live).toEqual([false, true, true, true, true])
  })

  it('TKT-3 counts a session’s live tickets: redeemed ones make room', async () => {
    const { store, now, redeems } = make(100, 1)
    for (const secret of ['a', 'b', 'c']) {
      await store.create(ticketAt(now(), secret))
      expect(await redeems(secret)).toBe(true)
    }
    await store.create(ticketAt(now(), 'd'))
    await store.create(ticketAt(now(), 'e'))
    expect([await redeems('d'), await redeems('e')]).toEqual([false, true])
  })

  it('TKT-3 takes none beyond its bound, keeps what it has, and makes room as tickets expire', async () => {
    const { store, now, advanceMs, redeems } = make(2)
    await store.create(ticketAt(now(), 'a', { sessionId: 's1' }))
    await store.create(ticketAt(now(), 'b', { sessionId: 's2' }))
    await expect(store.create(ticketAt(now(), 'c', { sessionId: 's3' }))).rejects.toThrow()
    expect(await redeems('a')).toBe(true)
    await store.create(ticketAt(now(), 'd', { sessionId: 's4' }))
    advanceMs(30_000)
    expect(store.size()).toBe(0)
    await store.create(ticketAt(now(), 'e', { sessionId: 's5' }))
    expect(await redeems('e')).toBe(true)
  })

  it('TKT-3 holds no more after a hundred thousand tickets than its bound', async () => {
    const { store, now, advanceMs } = make(1000, 20)
    for (let count = 0; count < 100_000; count += 1) {
      if (count % 500 === 0) advanceMs(30_000)
      await store.create(ticketAt(now(), `${count}`, { sessionId: `s${count % 700}` }))
    }
    expect(store.size()).toBe(500)
  })
})
