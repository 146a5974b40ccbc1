import type { AuthorityVerdict, CheckRequest } from '@sallyport/contracts/authority-event'
import type { Route } from '@sallyport/contracts/policy'
import { expect, it } from 'vitest'
import { createFixedPolicy } from '../policy/policy-source.ts'
import { issuer, origin, policyOf, websocketRoute } from '../testing/domain-fixture.ts'
import { createMemoryAuthorityStore } from './authority-store.memory.ts'
import { checkIdentities } from './check-identities.ts'

type Checked = CheckRequest['identities'][number]

async function verdictOf(
  identityChanges: Partial<Checked>,
  routeChanges: Partial<Route> = {},
  act: (store: ReturnType<typeof createMemoryAuthorityStore>) => Promise<void> = async () => {},
): Promise<AuthorityVerdict | undefined> {
  const authorities = createMemoryAuthorityStore({ recordLifeMs: 1000, now: () => 0 })
  const lineage = { issuer, subject: 'alice', sessionId: 's1' }
  const identity: Checked = {
    ...lineage,
    generation: await authorities.current(lineage),
    way: 'session-cookie',
    route: 'websocket',
    origin,
    groups: ['staff'],
    scopes: [],
    claims: { plan: 'gold' },
    ...identityChanges,
  }
  await act(authorities)
  const trusted = { issuer: 'https://idp.example.com' } as never
  const policy = createFixedPolicy(policyOf([websocketRoute(routeChanges)], { issuers: [trusted] }))
  const [verdict] = await checkIdentities(
    { identities: [identity] },
    { authorities, issuer, policy },
  )
  return verdict
}

it('RX.1 says revoked of a session that was ended, whatever its route says', async () => {
  const end = (store: ReturnType<typeof createMemoryAuthorityStore>) => store.endSession('s1')
  expect(await verdictOf({}, {}, end)).toBe('revoked')
  expect(await verdictOf({ route: 'gone' }, {}, end)).toBe('revoked')
})

it('RX.2 says void of what another life of the store made', async () => {
  const generation = { epoch: 'another', subject: 0, session: 0 }
  expect(await verdictOf({ generation })).toBe('void')
})

const who = (changes: Partial<Route['who']>): Partial<Route> => ({
  who: { groups: [], scopes: [], claims: {}, ...changes },
})

it.each<[string, Partial<Checked>, Partial<Route>, AuthorityVerdict]>([
  ['nothing changed', {}, {}, 'good'],
  ['its route is gone', { route: 'old' }, {}, 'forbidden'],
  ['its route is one of plain HTTP now', {}, { kind: 'http' }, 'forbidden'],
  ['its way is off', {}, { ways: ['authorization'] }, 'forbidden'],
  ['its origin is not listed any more', {}, { origins: [] }, 'forbidden'],
  ['its group is asked for', {}, who({ groups: ['staff'] }), 'good'],
  ['another group is asked for', {}, who({ groups: ['admin'] }), 'forbidden'],
  ['a scope is asked for', {}, who({ scopes: ['chat'] }), 'forbidden'],
  ['its claim is asked for', {}, who({ claims: { plan: ['gold'] } }), 'good'],
  ['another value of its claim is asked for', {}, who({ claims: { plan: ['tin'] } }), 'forbidden'],
  ['a claim it does not carry is asked for', {}, who({ claims: { team: ['x'] } }), 'void'],
  [
    'a claim it does not carry is asked for, and a group it is not in',
    {},
    who({ claims: { team: ['x'] }, groups: ['admin'] }),
    'forbidden',
  ],
  [
    'a claim it does not carry is asked for, and one that has another value',
    {},
    who({ claims: { team: ['x'], plan: ['tin'] } }),
    'forbidden',
  ],
  ['its issuer is trusted', { issuer: 'https://idp.example.com' }, {}, 'good'],
  ['its issuer is trusted no more', { issuer: 'https://gone.example.com' }, {}, 'forbidden'],
])('RX.13 judges an identity again when %s', async (_name, identity, route, verdict) => {
  expect(await verdictOf(identity, route)).toBe(verdict)
})

it('RX.13 judges a socket without an origin by whether the route lets such in', async () => {
  const { origin: _origin, ...none } = { origin }
  const absent = { ...none, origin: undefined } as unknown as Partial<Checked>
  expect(await verdictOf(absent)).toBe('forbidden')
  expect(await verdictOf(absent, { allowMissingOrigin: true })).toBe('good')
})
