import { refreshAnswerSchema, refreshRequestSchema } from '@sallyport/contracts/authority-questions'
import type { CredentialWay, Identity } from '@sallyport/contracts/identity'
import type { Policy, Route } from '@sallyport/contracts/policy'
import { ok } from '@sallyport/contracts/result'
import { describe, expect, it } from 'vitest'
import { createFixedPolicy } from '../policy/policy-source.ts'
import { createDomainFixture, origin, policyOf, websocketRoute } from '../testing/domain-fixture.ts'
import { issueToken } from '../tokens/issue-token.ts'
import { type RefreshDeps, refreshAnswer, refreshIdentity } from './refresh-identity.ts'

const clientAddress = '203.0.113.7'

/** A signed-in subject, the identity of a socket of theirs, and the hands to refresh it. */
async function openSocket(way: CredentialWay = 'authorization', groups: readonly string[] = []) {
  const fixture = await createDomainFixture()
  const alice = await fixture.login('alice', groups)
  const byCookie = { cookie: `sessionId=${alice.secret}` }
  const byToken = { authorization: `Bearer ${alice.token}` }
  const granted = await fixture.decide(way === 'session-cookie' ? byCookie : byToken)
  if (!('identity' in granted) || !('subject' in granted.identity)) throw new Error('refused')
  const identity: Identity = { ...granted.identity, way, clientAddress, ttlMs: 1 }
  const ask = async (token: string, deps: Partial<RefreshDeps> = {}, held = identity) => {
    const request = refreshRequestSchema.parse({ token, identity: held })
    const decision = await refreshIdentity(request, {
      ...fixture.deps,
      policy: fixture.policy,
      ...deps,
    })
    return { decision, answer: refreshAnswerSchema.parse(refreshAnswer(decision)) }
  }
  const judging = (route: Partial<Route>, changes: Partial<Policy> = {}) => ({
    policy: createFixedPolicy(policyOf([websocketRoute(route)], changes)),
  })
  return { ...fixture, alice, identity, ask, judging }
}

const refused = (fault: string) => ({ outcome: 'refused', fault })

describe('a new token for a live socket', () => {
  it('W92 SES-3 goes on under it with the life it has; how the socket came stays', async () => {
    const { alice, identity, ask, tokens, advanceMs } = await openSocket('subprotocol')
    advanceMs(300_000)
    const { compact } = await issueToken(alice.session, tokens)
    const { answer } = await ask(compact)
    if (answer.outcome !== 'refreshed') throw new Error(JSON.stringify(answer))
    const { ttlMs, token, ...same } = answer.identity
    expect(ttlMs).toBe(600_000)
    const { ttlMs: _ttl, token: former, ...before } = identity
    expect(same).toEqual(before)
    expect(token?.id).not.toBe(former?.id)
    expect(token?.issuedAtMs).toBe((former?.issuedAtMs ?? 0) + 300_000)
  })

  it('W92 may be of another session of the same subject: its end then ends the socket', async () => {
    const { ask, login } = await openSocket()
    const again = await login('alice')
    expect((await ask(again.token)).answer).toMatchObject({
      outcome: 'refreshed',
      identity: { sessionId: again.session.sessionId },
    })
  })

  it('W92 is refused when it is of another subject', async () => {
    const { ask, login } = await openSocket()
    const bob = await login('bob')
    expect((await ask(bob.token)).answer).toEqual(refused('other-subject'))
  })

  it('W92 is refused when it is of the same name at another issuer', async () => {
    const { ask, alice, deps } = await openSocket()
    const judged = await deps.currentAuthority.byToken(alice.token)
    if (!judged.ok) throw new Error(judged.error)
    const elsewhere = ok({ ...judged.value, issuer: 'https://id.example.org' })
    const currentAuthority = { byToken: async () => elsewhere }
    expect((await ask('t', { currentAuthority })).answer).toEqual(refused('other-subject'))
  })

  it('W92 is refused when it is older than what the socket rests on; as old is good', async () => {
    const { ask, alice, advanceMs, tokens } = await openSocket()
    expect((await ask(alice.token)).answer.outcome).toBe('refreshed')
    advanceMs(1000)
    const newer = await issueToken(alice.session, tokens)
    const { answer } = await ask(newer.compact)
    if (answer.outcome !== 'refreshed') throw new Error('refused')
    const back = await ask(alice.token, {}, answer.identity)
    expect(back.answer).toEqual(refused('older-token'))
  })

  it('W92 is refused when it does not say how old it is, where the other did', async () => {
    const { ask, alice, deps } = await openSocket()
    const judged = await deps.currentAuthority.byToken(alice.token)
    if (!judged.ok) throw new Error(judged.error)
    const { token: _token, ...undated } = judged.value
    const currentAuthority = { byToken: async () => ok(undated) }
    expect((await ask('t', { currentAuthority })).answer).toEqual(refused('older-token'))
  })

  it('W92 W93 with fewer groups or scopes takes them from the socket', async () => {
    const { ask, alice, deps } = await openSocket('authorization', ['staff', 'admin'])
    const judged = await deps.currentAuthority.byToken(alice.token)
    if (!judged.ok) throw new Error(judged.error)
    const lower = ok({ ...judged.value, groups: ['staff'], scopes: [] })
    const { answer } = await ask('t', { currentAuthority: { byToken: async () => lower } })
    expect(answer).toMatchObject({ outcome: 'refreshed', identity: { groups: ['staff'] } })
  })

  it('W92 is refused when the route lets it in no more', async () => {
    const { ask, alice, judging } = await openSocket('authorization', ['staff'])
    const who = { groups: ['admin'], scopes: [], claims: {} }
    const { answer, decision } = await ask(alice.token, judging({ who }))
    expect(answer).toEqual(refused('not-allowed'))
    expect(decision).toMatchObject({ error: { reason: 'policy-groups' } })
  })

  it.each<[string, Partial<Route>, Partial<Policy>]>([
    ['the route is gone', { name: 'another' }, {}],
    ['the route is no socket any more', { kind: 'http' }, {}],
    ['the route no longer takes its way', { ways: ['session-cookie', 'ticket'] }, {}],
    ['its page is not listed any more', { origins: ['https://other.example'] }, {}],
    ['its address is blocked', {}, { addresses: { unlimited: [], blocked: ['203.0.113.0/24'] } }],
  ])('R4.9 RX.13 W92 is refused when %s, and is not even looked at', async (_name, route, changes) => {
    const { ask, alice, judging } = await openSocket()
    const never = { byToken: () => Promise.reject(new Error('was asked')) }
    const deps = { ...judging(route, changes), currentAuthority: never }
    expect((await ask(alice.token, deps)).answer).toEqual(refused('not-allowed'))
  })

  it('W92 is judged for the audience of its route', async () => {
    const { ask, alice, judging } = await openSocket()
    const { answer } = await ask(alice.token, judging({ audience: 'another' }))
    expect(answer).toEqual(refused('invalid-credential'))
  })

  it('SES-1 R1.5 is refused when it is of no form, expired or revoked', async () => {
    const { ask, alice, advanceMs, logout } = await openSocket()
    expect((await ask('a.b.c')).answer).toEqual(refused('invalid-credential'))
    expect((await ask(alice.cookieToken)).answer).toEqual(refused('invalid-credential'))
    await logout(alice.session)
    const { answer, decision } = await ask(alice.token)
    expect(answer).toEqual(refused('invalid-credential'))
    expect(decision).toMatchObject({ error: { reason: 'revoked' } })
    advanceMs(660_000)
    expect((await ask(alice.token)).answer).toEqual(refused('invalid-credential'))
  })

  it('ERR-1 is neither good nor bad while nobody can tell', async () => {
    const { ask } = await openSocket()
    const currentAuthority = { byToken: () => Promise.reject(new Error('the store is down')) }
    await expect(ask('t', { currentAuthority })).rejects.toThrow('the store is down')
  })
})

describe('a token for a socket that rests on its cookie', () => {
  it('W92 changes nothing when it is good and of that session', async () => {
    const { ask, alice } = await openSocket('session-cookie')
    expect((await ask(alice.token)).answer).toEqual({ outcome: 'unchanged' })
  })

  it('W92 is refused when it is of another session, or not good', async () => {
    const { ask, login } = await openSocket('session-cookie')
    const again = await login('alice')
    expect((await ask(again.token)).answer).toEqual(refused('other-subject'))
    expect((await ask('a.b.c')).answer).toEqual(refused('invalid-credential'))
  })

  it('ORG-3 W92 is refused without the page that the cookie came from', async () => {
    const { ask, alice, identity, judging } = await openSocket('session-cookie')
    const { origin: page, ...held } = identity
    expect(page).toBe(origin)
    const deps = judging({ allowMissingOrigin: true })
    expect((await ask(alice.token, deps, held)).answer).toEqual(refused('not-allowed'))
  })
})
