import { describe, expect, it } from 'vitest'
import { createDomainFixture, handshakeLines, origin } from '../testing/domain-fixture.ts'
import { decideHandshake } from './decide-handshake.ts'

const offer = (ticket: string) => ({ 'sec-websocket-protocol': `sallyport.v1, ticket.${ticket}` })
const invalid = { code: 'invalid-credential', detail: 'Invalid credential' }

async function createTicketFixture(...given: Parameters<typeof createDomainFixture>) {
  const fixture = await createDomainFixture(...given)
  const alice = await fixture.login()
  return { ...fixture, alice, ticket: await fixture.ticketOf(alice.session) }
}
type Fixture = Awaited<ReturnType<typeof createTicketFixture>>

describe('tickets on a handshake', () => {
  it('TKT-2 W84 opens one socket and no second', async () => {
    const { decide, ticket } = await createTicketFixture()
    expect(await decide(offer(ticket))).toMatchObject({
      identity: { subject: 'alice', way: 'ticket' },
      protocol: 'sallyport.v1',
    })
    expect(await decide(offer(ticket))).toMatchObject({ ...invalid, reason: 'ticket-unknown' })
  })

  it('TKT-2 W84 opens one socket of forty at once', async () => {
    const { decide, ticket } = await createTicketFixture()
    const all = await Promise.all(Array.from({ length: 40 }, () => decide(offer(ticket))))
    expect(all.filter((each) => 'identity' in each)).toHaveLength(1)
  })

  it.each<[string, (fixture: Fixture) => Promise<unknown>, object]>([
    [
      'from an origin that is not listed',
      ({ decide, ticket }) => decide({ ...offer(ticket), origin: 'https://evil.example' }),
      { code: 'origin-not-allowed' },
    ],
    [
      'from another listed origin',
      ({ decide, ticket }) =>
        decide(
          { ...offer(ticket), origin: 'https://b.example' },
          { origins: ['https://b.example'] },
        ),
      { ...invalid, reason: 'ticket-of-another-origin' },
    ],
    [
      'without an origin',
      ({ decide, ticket }) =>
        decide({ ...offer(ticket), origin: undefined }, { allowMissingOrigin: true }),
      { ...invalid, reason: 'ticket-of-another-origin' },
    ],
    [
      'at another route',
      ({ decide, ticket }) => decide(offer(ticket), { name: 'other' }),
      { ...invalid, reason: 'ticket-of-another-route' },
    ],
    [
      'beside a token',
      ({ decide, ticket, alice }) =>
        decide({ ...offer(ticket), authorization: `Bearer ${alice.token}` }),
      { code: 'conflicting-credentials' },
    ],
    [
      'beside another ticket',
      ({ decide, ticket }) =>
        decide({
          'sec-websocket-protocol': `sallyport.v1, ticket.${'B'.repeat(43)}, ticket.${ticket}`,
        }),
      { code: 'conflicting-credentials' },
    ],
    [
      'where the way is off',
      ({ decide, ticket }) => decide(offer(ticket), { ways: ['session-cookie'] }),
      { ...invalid, reason: 'way-off' },
    ],
    [
      'where the policy does not let its subject in',
      ({ decide, ticket }) =>
        decide(offer(ticket), { who: { groups: ['staff'], scopes: [], claims: {} } }),
      { code: 'not-allowed', reason: 'policy-groups' },
    ],
  ])('TKT-5 W85 burns a ticket that is presented %s', async (_name, present, refusal) => {
    const fixture = await createTicketFixture()
    expect(await present(fixture)).toMatchObject(refusal)
    expect(await fixture.decide(offer(fixture.ticket))).toMatchObject({ reason: 'ticket-unknown' })
  })

  it.each<[string, (fixture: Fixture) => Promise<unknown>]>([
    ['ill-formed', ({ decide, ticket }) => decide({ ...offer(ticket), 'sec-websocket-key': 'x' })],
    [
      'offering no protocol beside it',
      ({ decide, ticket }) => decide({ 'sec-websocket-protocol': `ticket.${ticket}` }),
    ],
  ])('TKT-5 leaves a ticket alone when the handshake is %s', async (_name, present) => {
    const fixture = await createTicketFixture()
    expect(await present(fixture)).toHaveProperty('code')
    expect(await fixture.decide(offer(fixture.ticket))).toHaveProperty('identity')
  })

  it('TKT-5 leaves a ticket alone that comes over the limit or from a blocked address', async () => {
    const addresses = { unlimited: [], blocked: ['127.0.0.66/32'] }
    const { decide, ticket } = await createTicketFixture(1, { addresses })
    const blocked = await decide({ ...offer(ticket), 'x-forwarded-for': '127.0.0.66' })
    expect(blocked).toMatchObject({ code: 'not-allowed', reason: 'address-blocked' })
    await decide({})
    expect(await decide(offer(ticket))).toMatchObject({ code: 'rate-limited' })
    const elsewhere = { ...offer(ticket), 'x-forwarded-for': '127.0.0.8' }
    expect(await decide(elsewhere)).toHaveProperty('identity')
  })

  it('TKT-3 TKT-4 refuses a ticket after half a minute, and one whose session was ended', async () => {
    const fixture = await createTicketFixture()
    const second = await fixture.ticketOf(fixture.alice.session)
    await fixture.logout(fixture.alice.session)
    expect(await fixture.decide(offer(second))).toMatchObject({ ...invalid, reason: 'revoked' })
    const other = await createTicketFixture()
    other.advanceMs(30_000)
    expect(await other.decide(offer(other.ticket))).toMatchObject(invalid)
  })

  it('TKT-6 gives a socket no longer life than the session has left', async () => {
    const fixture = await createTicketFixture()
    fixture.advanceMs(86_390_000)
    const ticket = await fixture.ticketOf(fixture.alice.session)
    expect(await fixture.decide(offer(ticket))).toMatchObject({ ttlMs: 10_000 })
    const late = await fixture.ticketOf(fixture.alice.session)
    fixture.advanceMs(10_000)
    expect(await fixture.decide(offer(late))).toMatchObject(invalid)
  })

  it('AUT-15 takes a ticket in the query only where that is switched on', async () => {
    const { deps, route, ticket } = await createTicketFixture()
    const lines = handshakeLines({ 'x-forwarded-uri': `/ws?ticket=${ticket}`, origin })
    const off = await decideHandshake(lines, route, deps)
    expect(off.outcome).toMatchObject({ error: { reason: 'credential-in-query' } })
    const on = await decideHandshake(lines, route, { ...deps, ticketInQuery: true })
    expect(on.outcome).toMatchObject({
      value: { identity: { way: 'ticket' }, protocol: undefined },
    })
  })

  it('AUT-2 takes one ticket in both places, and refuses two', async () => {
    const { deps, route, ticket } = await createTicketFixture()
    const decide = async (inQuery: string) => {
      const changes = { ...offer(ticket), 'x-forwarded-uri': `/ws?ticket=${inQuery}` }
      const on = { ...deps, ticketInQuery: true }
      return (await decideHandshake(handshakeLines(changes), route, on)).outcome
    }
    expect(await decide('B'.repeat(43))).toMatchObject({ error: { reason: 'several-tickets' } })
    const other = await createTicketFixture()
    const changes = {
      ...offer(other.ticket),
      'x-forwarded-uri': `/ws?ticket=${other.ticket}`,
    }
    const on = { ...other.deps, ticketInQuery: true }
    const both = await decideHandshake(handshakeLines(changes), other.route, on)
    expect(both.outcome.ok).toBe(true)
  })
})
