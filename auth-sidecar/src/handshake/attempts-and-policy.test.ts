import type { CredentialWay } from '@sallyport/contracts/identity'
import { maxIdentityBytes } from '@sallyport/contracts/identity-schema'
import type { Route, TrustedIssuer } from '@sallyport/contracts/policy'
import { describe, expect, it } from 'vitest'
import type { Authority } from '../authority/authority.ts'
import { createDomainFixture, issuer, policyOf, websocketRoute } from '../testing/domain-fixture.ts'
import { trustedIssuer } from '../tokens/testing/verifier-fixture.ts'
import { type AdmissionContext, admitIdentity, rememberAdmissions } from './admit-identity.ts'
import { applicationHeaders } from './application-headers.ts'

const from = (address: string) => ({ 'x-forwarded-for': address })
const limited = { code: 'rate-limited', retryAfterSeconds: 60 }
const unauthenticated = { code: 'authentication-required' }

describe('attempts', () => {
  it('R4.9 refuses a blocked address before it is counted, and its credentials unread', async () => {
    const addresses = { unlimited: [], blocked: ['127.0.0.0/24'] }
    const { decide, deps } = await createDomainFixture(1, { addresses })
    const denial = { code: 'not-allowed', reason: 'address-blocked' }
    for (let attempt = 0; attempt < 3; attempt += 1) {
      expect(await decide({ authorization: 'Bearer x' })).toMatchObject(denial)
    }
    expect(await decide({ origin: 'https://evil.example' })).toMatchObject(denial)
    expect(await deps.attempts.peek('websocket 127.0.0.9', 1)).toEqual({ allowed: true })
  })

  it('R4.9 counts no attempt of an address without limits', async () => {
    const addresses = { unlimited: ['127.0.0.9/32'], blocked: [] }
    const { decide } = await createDomainFixture(1, { addresses })
    for (let attempt = 0; attempt < 5; attempt += 1) {
      expect(await decide()).toMatchObject(unauthenticated)
    }
    expect(await decide(from('127.0.0.8'))).toMatchObject(unauthenticated)
    expect(await decide(from('127.0.0.8'))).toMatchObject(limited)
  })

  it('R4.1 counts each route’s attempts by the route’s own number', async () => {
    const { decide, route } = await createDomainFixture(2)
    const other = { name: 'other', attempts: { ...route.attempts, perMinute: 1 } }
    expect(await decide({}, other)).toMatchObject(unauthenticated)
    expect(await decide({}, other)).toMatchObject(limited)
    expect(await decide()).toMatchObject(unauthenticated)
    expect(await decide()).toMatchObject(unauthenticated)
    expect(await decide()).toMatchObject(limited)
  })

  it('LIM-1 W70 asks neither the verifier nor a store once the limit is reached', async () => {
    const { decide, deps } = await createDomainFixture(1)
    await decide()
    const spy = (name: string) => () => Promise.reject(new Error(`${name} asked`))
    Object.assign(deps, {
      currentAuthority: {
        byToken: spy('byToken'),
        bySession: spy('bySession'),
        byTicket: spy('byTicket'),
        burnTicket: spy('burnTicket'),
      },
    })
    const lines = { authorization: 'Bearer a.b.c', cookie: `sessionId=${'A'.repeat(43)}` }
    expect(await decide(lines)).toMatchObject(limited)
  })
})

describe('attempts where people share an address', () => {
  const shared = (changes: Partial<Route['attempts']> = {}): Partial<Route> => ({
    attempts: { perMinute: 2, profile: 'shared-address', perSubjectPerMinute: 3, ...changes },
  })

  it('R4.1 gives successful attempts back and counts the subject instead', async () => {
    const fixture = await createDomainFixture(shared())
    const [alice, bob] = [await fixture.login('alice'), await fixture.login('bob')]
    const as = ({ token }: { token: string }) =>
      fixture.decide({ authorization: `Bearer ${token}` })
    for (let attempt = 0; attempt < 3; attempt += 1) {
      expect(await as(alice)).toHaveProperty('identity')
      expect(await as(bob)).toHaveProperty('identity')
    }
    expect(await as(alice)).toMatchObject(limited)
  })

  it('R4.1 counts failed attempts as ever', async () => {
    const { decide } = await createDomainFixture(shared())
    expect(await decide()).toMatchObject(unauthenticated)
    expect(await decide()).toMatchObject(unauthenticated)
    expect(await decide()).toMatchObject(limited)
  })

  it('R4.1 counts a subject wherever it comes from', async () => {
    const fixture = await createDomainFixture(shared({ perSubjectPerMinute: 1 }))
    const { token } = await fixture.login()
    const bearer = { authorization: `Bearer ${token}` }
    expect(await fixture.decide({ ...bearer, ...from('127.0.0.1') })).toHaveProperty('identity')
    expect(await fixture.decide({ ...bearer, ...from('127.0.0.2') })).toMatchObject(limited)
  })
})

const who = (changes: Partial<Route['who']>): Partial<Route> => ({
  who: { groups: [], scopes: [], claims: {}, ...changes },
})

const authority: Authority = {
  issuer,
  subject: 'alice',
  username: 'Alice',
  sessionId: 's1',
  generation: { epoch: 'e', subject: 0, session: 0 },
  expiresAtMs: 2000,
  groups: ['staff'],
  scopes: [],
  claims: { plan: 'gold', email: 'alice@example.com', secret: 'x' },
}

describe('policy', () => {
  it('RX.13 lets in who is in the group, and says no more than that to others', async () => {
    const fixture = await createDomainFixture(who({ groups: ['staff'] }))
    const [alice, bob] = [await fixture.login('alice', ['staff']), await fixture.login('bob')]
    for (const [{ token, secret }, allowed] of [
      [alice, true],
      [bob, false],
    ] as const) {
      for (const lines of [
        { authorization: `Bearer ${token}` },
        { cookie: `sessionId=${secret}` },
      ]) {
        const outcome = await fixture.decide(lines)
        if (allowed) expect(outcome).toHaveProperty('identity')
        else expect(outcome).toEqual({ code: 'not-allowed', reason: 'policy-groups' })
      }
    }
  })

  const route = websocketRoute()
  const askingFor = (claimNames: readonly string[], issuers: readonly TrustedIssuer[] = []) => ({
    policy: policyOf([], { issuers }),
    claimNames: new Set(claimNames),
  })
  const context: AdmissionContext = {
    route,
    origin: undefined,
    policy: askingFor([]),
  }
  const admit = (changes: Partial<Authority>, claimNames: readonly string[] = []) =>
    admitIdentity(
      { authority: { ...authority, ...changes }, way: 'authorization' },
      { ...context, policy: askingFor(claimNames) },
    )

  it('RX.13 carries only the claims that some policy asks about', () => {
    expect(admit({})).toMatchObject({ value: { claims: {}, groups: ['staff'] } })
    const claims = { plan: 'gold' }
    const picked = admit({}, ['plan', 'missing', 'toString', '__proto__'])
    expect(picked.ok && { ...picked.value.claims }).toEqual(claims)
  })

  it('RX.13 answers from memory for the very same question only', () => {
    const remembering = rememberAdmissions()
    const ask = (changes: Partial<AdmissionContext> = {}, way: CredentialWay = 'authorization') =>
      remembering({ authority, way }, { ...context, ...changes })
    const first = ask()
    expect(ask()).toBe(first)
    /** Right after the first question: one thing differs. */
    const afterFirst = (...other: Parameters<typeof ask>) => {
      ask()
      return ask(...other)
    }
    const closed = { ...route, who: { ...route.who, groups: ['nobody'] } }
    expect(afterFirst({ route: closed })).toMatchObject({ error: { reason: 'policy-groups' } })
    const orders = { ...route, audience: 'orders' }
    expect(afterFirst({ route: orders })).toHaveProperty('value.tokenRules')
    for (const changes of [{ origin: 'https://other.example' }]) {
      expect(afterFirst(changes)).toMatchObject({ value: changes })
    }
    expect(afterFirst({}, 'ticket')).toMatchObject({ value: { way: 'ticket' } })
    const plan = { claims: { plan: 'gold' } }
    expect(afterFirst({ policy: askingFor(['plan']) })).toMatchObject({ value: plan })
    const trusted = [trustedIssuer({ issuer })]
    expect(afterFirst({ policy: askingFor([], trusted) })).toHaveProperty('value.tokenRules')
    expect(ask()).not.toHaveProperty('value.tokenRules')
  })

  it('HDR-6 refuses an identity that would not fit into its header', () => {
    const refused = { error: { code: 'not-allowed', reason: 'identity-too-large' } }
    const many = Array.from({ length: 100 }, (_, index) => `group-${index}-${'x'.repeat(100)}`)
    expect(admit({ groups: many })).toMatchObject(refused)
    expect(admit({ scopes: many })).toMatchObject(refused)
    expect(admit({ claims: { plan: '\u0001'.repeat(1000) } }, ['plan'])).toMatchObject(refused)
    expect(admit({ groups: many.slice(0, 15) }).ok).toBe(true)
    expect(admit({ groups: ['é'.repeat(128), '\u0001'.repeat(650)] })).toMatchObject(refused)
  })

  it('HDR-6 SES-8 carries the facts of a token, and counts them for the header', () => {
    const token = { id: 't1', keyId: 'k1', issuedAtMs: 5 }
    expect(admit({ token })).toMatchObject({ value: { token } })
    expect(admit({})).not.toHaveProperty('value.token')
    const generation = { epoch: 'e'.repeat(64), subject: 2 ** 53 - 1, session: 2 ** 53 - 1 }
    const longest = { generation, token: { ...token, keyId: 'k'.repeat(128) } }
    for (let length = 1; length <= 600; length += 1) {
      const id = '\u0001'.repeat(length)
      const admitted = admit({ ...longest, token: { ...longest.token, id } })
      if (!admitted.ok) continue
      const bytes = Buffer.byteLength(JSON.stringify(admitted.value))
      expect(bytes).toBeLessThanOrEqual(maxIdentityBytes)
    }
    const id = '\u0001'.repeat(600)
    expect(admit({ ...longest, token: { ...longest.token, id } })).toMatchObject({ ok: true })
    expect(admit({ token: { ...token, id: id + id } })).toMatchObject({ ok: false })
  })
})

describe('headers of existing applications', () => {
  const headersOf = (changes: Partial<Authority>) =>
    applicationHeaders(
      {
        identityHeaders: [
          'X-Auth-Request-User',
          'X-Auth-Request-Email',
          'X-Auth-Request-Groups',
          'Remote-User',
        ],
      },
      { ...authority, ...changes },
    )

  it('RX.13 says who it is under the names that applications expect', () => {
    expect(headersOf({ groups: ['staff', 'a,b'] })).toEqual({
      ok: true,
      value: {
        'x-auth-request-user': 'alice',
        'x-auth-request-email': 'alice@example.com',
        'x-auth-request-groups': 'staff,a%2Cb',
        'remote-user': 'Alice',
      },
    })
    expect(headersOf({ groups: [], claims: { email: 7 } })).toEqual({
      ok: true,
      value: { 'x-auth-request-user': 'alice', 'remote-user': 'Alice' },
    })
  })

  it.each([
    ['Zoë Ünal', 'Zo%C3%AB %C3%9Cnal'],
    ['a\r\nx: y', 'a%0D%0Ax: y'],
    ['\u0000\u202e', '%00%E2%80%AE'],
    ['100%', '100%25'],
    [' a ', '%20a%20'],
    ['😀\ud800', '%F0%9F%98%80%EF%BF%BD'],
  ])('HDR-6 LOG-3 makes %j fit for a header', (username, expected) => {
    expect(headersOf({ username })).toMatchObject({ value: { 'remote-user': expected } })
  })

  it('HDR-6 refuses what is too long with 403', () => {
    const refused = { error: { code: 'not-allowed', reason: 'identity-header-too-long' } }
    expect(headersOf({ username: 'é'.repeat(43) })).toMatchObject(refused)
    expect(headersOf({ groups: Array<string>(30).fill('a long group name') })).toMatchObject(
      refused,
    )
  })

  it('RX.13 goes out with the handshake of a route that wants it', async () => {
    const fixture = await createDomainFixture({ identityHeaders: ['Remote-User'] })
    const { token } = await fixture.login('alice')
    const granted = await fixture.decide({ authorization: `Bearer ${token}` })
    expect(granted).toMatchObject({ headers: { 'remote-user': 'alice' } })
  })
})
