import type { AuthorityVerdict, CheckRequest } from '@sallyport/contracts/authority-questions'
import type { Policy, Route } from '@sallyport/contracts/policy'
import { expect, it } from 'vitest'
import { createFixedPolicy } from '../policy/policy-source.ts'
import { tokenRulesOf } from '../policy/token-rules.ts'
import { issuer, origin, policyOf, websocketRoute } from '../testing/domain-fixture.ts'
import { trustedIssuer } from '../tokens/testing/verifier-fixture.ts'
import { createRecordingSink } from './authority-store.contract.ts'
import { createMemoryAuthorityStore } from './authority-store.memory.ts'
import type { AuthorityChange } from './authority-store.ts'
import { type CheckDeps, checkIdentities } from './check-identities.ts'

type Checked = CheckRequest['identities'][number]

const nowMs = 1000
const trusted = trustedIssuer({ issuer: 'https://idp.example.com' })
/** What an identity of that issuer carries while its entry is as it is. */
const rulesOf = (
  way: Checked['way'],
  audience?: string,
  issuers = [trusted],
  of = trusted.issuer,
) => tokenRulesOf({ issuer: of, way }, { audience }, { issuers })

async function verdictOf(
  identityChanges: Partial<Checked>,
  routeChanges: Partial<Route> = {},
  changes: readonly AuthorityChange[] = [],
  policyChanges: Partial<Policy> = {},
  isKeyGone: CheckDeps['isKeyGone'] = () => false,
): Promise<AuthorityVerdict | undefined> {
  const { sink } = createRecordingSink()
  const options = { recordLifeMs: 100_000, builtInIssuer: issuer, sink, now: () => nowMs }
  const authorities = createMemoryAuthorityStore(options)
  const lineage = { issuer, subject: 'alice', sessionId: 's1' }
  const identity: Checked = {
    ...lineage,
    generation: (await authorities.current(lineage)).generation,
    way: 'session-cookie',
    route: 'websocket',
    origin,
    clientAddress: '203.0.113.9',
    groups: ['staff'],
    scopes: [],
    claims: { plan: 'gold' },
    ...identityChanges,
  }
  for (const change of changes) await authorities.apply(change)
  const issuers = { issuers: [trusted], ...policyChanges }
  const policy = createFixedPolicy(policyOf([websocketRoute(routeChanges)], issuers))
  const onUnknown = () => expect.unreachable()
  const deps = { authorities, issuer, policy, isKeyGone, onUnknown, now: () => nowMs }
  const [verdict] = await checkIdentities({ identities: [identity] }, deps)
  return verdict
}

const endSession = { type: 'end-session', sessionId: 's1', subject: 'alice' } as const
const endCookie = { ...endSession, type: 'end-cookie' } as const

it('RX.1 says revoked of a session that was ended, whatever its route says', async () => {
  expect(await verdictOf({}, {}, [endSession])).toBe('revoked')
  expect(await verdictOf({ route: 'gone' }, {}, [endSession])).toBe('revoked')
})

const facts = { id: 't1', keyId: 'k1', issuedAtMs: nowMs + 5000 }
const byToken = { way: 'authorization', token: facts } as const
const byTicketOfToken = { way: 'ticket', token: facts } as const
const byTicketOfCookie = { way: 'ticket' } as const

it.each<[string, AuthorityVerdict, Partial<Checked>, AuthorityChange]>([
  ['a cookie that was ended', 'revoked', {}, endCookie],
  ['a ticket of a cookie that was ended', 'revoked', byTicketOfCookie, endCookie],
  ['a token, when its session’s cookie was ended', 'good', byToken, endCookie],
  ['a ticket of a token, when the cookie was ended', 'good', byTicketOfToken, endCookie],
  ['its token was revoked', 'void', byToken, { type: 'revoke-token', issuer, tokenId: 't1' }],
  ['another token was revoked', 'good', byToken, { type: 'revoke-token', issuer, tokenId: 't2' }],
  [
    'the token beside its cookie was revoked',
    'void',
    { token: facts },
    { type: 'revoke-token', issuer, tokenId: 't1' },
  ],
  [
    'its key was revoked',
    'void',
    byToken,
    { type: 'revoke-issued-before', issuer, keyId: 'k1', issuedBeforeMs: facts.issuedAtMs },
  ],
  [
    'its key was revoked until before it was issued',
    'good',
    byToken,
    { type: 'revoke-issued-before', issuer, keyId: 'k1', issuedBeforeMs: nowMs },
  ],
  [
    'its subject was ended',
    'revoked',
    byToken,
    { type: 'end-subject', issuer, subject: 'alice', issuedBeforeMs: 1 },
  ],
  [
    'a namesake of another issuer was ended',
    'good',
    byToken,
    { type: 'end-subject', issuer: trusted.issuer, subject: 'alice', issuedBeforeMs: 1 },
  ],
  ['its session has a margin', 'good', {}, { ...endSession, marginMs: 1 }],
])('SES-8 judges a live socket: %s', async (_name, verdict, identity, change) => {
  expect(await verdictOf(identity, {}, [change])).toBe(verdict)
})

it('SES-8 still asks the policy about a socket within its margin', async () => {
  const change = { ...endSession, marginMs: 1000 }
  expect(await verdictOf({}, { origins: [] }, [change])).toBe('forbidden')
})

it('J49 says void of a token whose key its issuer has taken away', async () => {
  const asked: string[] = []
  const isKeyGone = (of: string, keyId: string) => {
    asked.push(`${of} ${keyId}`)
    return true
  }
  expect(await verdictOf(byToken, {}, [], {}, isKeyGone)).toBe('void')
  expect(asked).toEqual([`${issuer} k1`])
  expect(await verdictOf({}, {}, [], {}, isKeyGone)).toBe('good')
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
  [
    'its issuer is trusted',
    { issuer: trusted.issuer, way: 'authorization', tokenRules: rulesOf('authorization') ?? '' },
    {},
    'good',
  ],
  ['its token was judged without the entry of its issuer', { issuer: trusted.issuer }, {}, 'void'],
  ['its route asks for an audience now', { way: 'authorization' }, { audience: 'orders' }, 'void'],
  ['its route asks for an audience of tokens, and it has a session', {}, { audience: 'o' }, 'good'],
  [
    // Its groups may read otherwise by the new rules: whoever edits a prefix edits who may along with it.
    'its token was judged by other rules, and a group it is not in is asked for',
    { issuer: trusted.issuer, way: 'authorization' },
    who({ groups: ['idp.example.com:staff'] }),
    'void',
  ],
  [
    'its token was judged by other rules, and its way is off',
    { issuer: trusted.issuer, way: 'authorization' },
    { ways: ['subprotocol'] },
    'forbidden',
  ],
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

it.each<[string, Partial<Policy['addresses']>, AuthorityVerdict]>([
  ['is blocked now', { blocked: ['203.0.113.0/24'] }, 'forbidden'],
  [
    'is blocked although no limit counts it',
    { blocked: ['203.0.113.9'], unlimited: ['203.0.113.0/24'] },
    'forbidden',
  ],
  ['is not among those blocked', { blocked: ['203.0.113.10'] }, 'good'],
])('RX.13 judges an identity again whose address %s', async (_name, changes, verdict) => {
  const addresses = { unlimited: [], blocked: [], ...changes }
  expect(await verdictOf({}, {}, undefined, { addresses })).toBe(verdict)
})

it.each([
  { algorithms: ['ES384'] },
  { audience: 'orders' },
  { keySetUrl: 'https://idp.example.com/other' },
  { prefix: 'idp:' },
  { maxLifeSeconds: 60 },
] as const)('RX.13 says void of a token of an issuer whose entry says %j now', async (changes) => {
  const way = 'subprotocol'
  const identity = { issuer: trusted.issuer, way, tokenRules: rulesOf(way) ?? '' } as const
  const issuersOf = (entry: typeof trusted) => ({ issuers: [entry] })
  expect(await verdictOf(identity, {}, undefined, issuersOf({ ...trusted }))).toBe('good')
  expect(await verdictOf(identity, {}, undefined, issuersOf({ ...trusted, ...changes }))).toBe(
    'void',
  )
})

it('RX.13 goes by the audience a token was judged by, there and back', async () => {
  const tokenRules = rulesOf('ticket', 'orders', [], issuer) ?? ''
  const identity = { way: 'ticket', tokenRules } as const
  expect(await verdictOf(identity, { audience: 'orders' })).toBe('good')
  expect(await verdictOf(identity, {})).toBe('void')
})

it('RX.13 ERR-1 judges the others beside one that cannot be read, and nobody when none can be', async () => {
  const seen: unknown[] = []
  const policy = createFixedPolicy(policyOf([websocketRoute({})], { issuers: [trusted] }))
  const { sink } = createRecordingSink()
  const store = createMemoryAuthorityStore({
    recordLifeMs: 100_000,
    builtInIssuer: issuer,
    sink,
    now: () => nowMs,
  })
  const damaged = new Error('damaged')
  const deps: CheckDeps = {
    authorities: {
      current: async (lineage) => {
        if (lineage.sessionId === 'damaged') throw damaged
        return store.current(lineage)
      },
    },
    issuer,
    policy,
    isKeyGone: () => false,
    onUnknown: (error) => void seen.push(error),
    now: () => nowMs,
  }
  const lineage = { issuer, subject: 'alice', sessionId: 's1' }
  const good: Checked = {
    ...lineage,
    generation: (await store.current(lineage)).generation,
    way: 'session-cookie',
    route: 'websocket',
    origin,
    clientAddress: '203.0.113.9',
    groups: ['staff'],
    scopes: [],
    claims: { plan: 'gold' },
  }
  const bad = { ...good, sessionId: 'damaged' }
  expect(await checkIdentities({ identities: [good, bad, good] }, deps)).toEqual([
    'good',
    'unknown',
    'good',
  ])
  expect(seen).toEqual([damaged])
  for (const identities of [[bad], [bad, bad]]) {
    await expect(checkIdentities({ identities }, deps)).rejects.toBe(damaged)
  }
  expect(await checkIdentities({ identities: [] }, deps)).toEqual([])
})
