// What every ticket store promises. Run on each variant by its own test file.

import { expect, it } from 'vitest'
import type { Authority } from '../authority/authority.ts'
import { createSecret, hashSecret } from '../sessions/session-secret.ts'
import type { TicketRecord, TicketStore } from './ticket-store.ts'

/** A store under test and a clock that the suite can move. */
export type TicketStoreUnderTest = {
  readonly store: TicketStore
  readonly now: () => number
  readonly advanceMs: (byMs: number) => Promise<void>
}

const authority: Authority = {
  issuer: 'https://app.example.com/auth',
  subject: 'alice',
  username: 'Alice',
  sessionId: 's1',
  generation: { epoch: 'e', subject: 0, session: 0 },
  expiresAtMs: 1e15,
  groups: ['staff'],
  scopes: [],
  claims: { plan: 'gold' },
}

/** A ticket that lives for half a minute from `nowMs`. */
export const ticketAt = (
  nowMs: number,
  secret: string,
  changes: Partial<Authority> = {},
): TicketRecord => ({
  secretHash: hashSecret(secret),
  authority: { ...authority, ...changes },
  origin: 'https://app.example.com',
  route: 'websocket',
  expiresAtMs: nowMs + 30_000,
})

/** Registers the suite; `make` builds a fresh store for each test. */
export function describeTicketStore(make: () => Promise<TicketStoreUnderTest>): void {
  it('TKT-2 gives a ticket out once, exactly as it was stored', async () => {
    const { store, now } = await make()
    const ticket = ticketAt(now(), 'a')
    await store.create(ticket)
    expect(await store.redeem(hashSecret('a'))).toEqual(ticket)
    expect(await store.redeem(hashSecret('a'))).toBeUndefined()
  })

  it('TKT-3 keeps what is known of the token it was asked for with, and that there was none', async () => {
    const { store, now } = await make()
    const token = { id: 'jti-1', keyId: 'k1', issuedAtMs: now() - 1000 }
    await store.create(ticketAt(now(), 'by token', { token }))
    await store.create({ ...ticketAt(now(), 'by cookie'), origin: undefined })
    expect((await store.redeem(hashSecret('by token')))?.authority.token).toEqual(token)
    const byCookie = await store.redeem(hashSecret('by cookie'))
    expect(byCookie?.authority.token).toBeUndefined()
    expect(byCookie?.origin).toBeUndefined()
  })

  it('TKT-2 W84 has one winner among forty at once, two hundred times', async () => {
    const { store, now } = await make()
    for (let round = 0; round < 200; round += 1) {
      const secret = createSecret()
      await store.create(ticketAt(now(), secret))
      const answers = await Promise.all(
        Array.from({ length: 40 }, () => store.redeem(hashSecret(secret))),
      )
      expect(answers.filter((answer) => answer !== undefined)).toHaveLength(1)
    }
  })

  it('TKT-3 knows a ticket by its hash only', async () => {
    const { store, now } = await make()
    await store.create(ticketAt(now(), 'a'))
    expect(await store.redeem('a')).toBeUndefined()
    expect(await store.redeem('s1')).toBeUndefined()
    expect(await store.redeem('')).toBeUndefined()
  })

  it('TKT-3 gives an expired ticket to nobody', async () => {
    const { store, now, advanceMs } = await make()
    await store.create(ticketAt(now(), 'a'))
    await store.create(ticketAt(now(), 'b'))
    await advanceMs(29_999)
    expect(await store.redeem(hashSecret('a'))).toBeDefined()
    await advanceMs(1)
    expect(await store.redeem(hashSecret('b'))).toBeUndefined()
  })

  it('TKT-2 keeps one ticket while another is burnt', async () => {
    const { store, now } = await make()
    await store.create(ticketAt(now(), 'a'))
    await store.create(ticketAt(now(), 'b'))
    await store.redeem(hashSecret('a'))
    expect(await store.redeem(hashSecret('b'))).toBeDefined()
  })
}
