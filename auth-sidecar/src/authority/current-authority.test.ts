import { describe, expect, it } from 'vitest'
import { createSecret, hashSecret } from '../sessions/session-secret.ts'
import { createDomainFixture, issuer, origin } from '../testing/domain-fixture.ts'
import { externalSessionId } from '../tokens/issuer-profile.ts'
import { makeKey, makeToken, nowSeconds } from '../tokens/testing/make-token.ts'
import { createVerifierFixture, trustedIssuer } from '../tokens/testing/verifier-fixture.ts'
import { createRecordingSink } from './authority-store.contract.ts'
import { createMemoryAuthorityStore } from './authority-store.memory.ts'
import type { AuthorityStore } from './authority-store.ts'
import { createCurrentAuthority } from './current-authority.ts'

const cookieUse = { use: 'cookie', audience: undefined } as const
const here = { route: 'websocket', origin }
const revoked = { ok: false, error: 'revoked' }

/** Other text, same token: the second signature that ECDSA lets anybody make of a good one. */
function twinOf(compact: string): string {
  const [head, body, signature = ''] = compact.split('.')
  const raw = Buffer.from(signature, 'base64url')
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const s = order - BigInt(`0x${raw.subarray(32).toString('hex')}`)
  const other = Buffer.from(s.toString(16).padStart(64, '0'), 'hex')
  return `${head}.${body}.${Buffer.concat([raw.subarray(0, 32), other]).toString('base64url')}`
}

/** Somebody signed in, with everything that can come of a session. */
async function createAlice(given?: Awaited<ReturnType<typeof createDomainFixture>>) {
  const fixture = given ?? (await createDomainFixture())
  const { byToken, bySession, byTicket } = fixture.deps.currentAuthority
  const alice = await fixture.login()
  const ticketOfToken = async () => {
    const authority = await byToken(alice.token)
    if (!authority.ok) throw new Error(authority.error)
    const ticket = createSecret()
    const expiresAtMs = fixture.deps.now() + 30_000
    const record = { ...here, authority: authority.value, expiresAtMs }
    await fixture.tickets.create({ ...record, secretHash: hashSecret(ticket) })
    return ticket
  }
  const tickets = {
    ofCookie: await fixture.ticketOf(alice.session),
    ofToken: await ticketOfToken(),
  }
  /** Whether each is good, as the same clients would find out. */
  const judgeAll = async () => ({
    cookie: await bySession(alice.secret),
    token: await byToken(alice.token),
    twin: await byToken(twinOf(alice.token)),
    cookieToken: await byToken(alice.cookieToken, cookieUse),
    ticketOfCookie: await byTicket(tickets.ofCookie, here),
    ticketOfToken: await byTicket(tickets.ofToken, here),
  })
  const verdicts = async () =>
    Object.fromEntries(
      Object.entries(await judgeAll()).map(([name, { ok }]) => [name, ok ? 'good' : 'refused']),
    )
  return { fixture, alice, judgeAll, verdicts }
}

const all = (verdict: string, changes: object = {}) => ({
  cookie: verdict,
  token: verdict,
  twin: verdict,
  cookieToken: verdict,
  ticketOfCookie: verdict,
  ticketOfToken: verdict,
  ...changes,
})

describe('what a credential is worth', () => {
  it('is good in every way, and says by which token', async () => {
    const { alice, judgeAll, verdicts } = await createAlice()
    const { cookie, token, twin, cookieToken, ticketOfCookie, ticketOfToken } = await judgeAll()
    const granted = { ok: true, value: { sessionId: alice.session.sessionId, subject: 'alice' } }
    for (const each of [cookie, token, twin, cookieToken, ticketOfCookie, ticketOfToken]) {
      expect(each).toMatchObject(granted)
    }
    expect(twin).toEqual(token)
    const facts = token.ok ? token.value.token : undefined
    expect(facts).toMatchObject({ keyId: 'k1' })
    expect(ticketOfToken).toMatchObject({ value: { token: facts } })
    expect(cookie.ok && cookie.value).not.toHaveProperty('token')
    // Tickets are good once.
    expect(await verdicts()).toEqual(
      all('good', { ticketOfCookie: 'refused', ticketOfToken: 'refused' }),
    )
  })

  it('W83 SES-1 is nothing after logout: cookie, tokens seen before, their twins, tickets', async () => {
    const { fixture, alice, judgeAll } = await createAlice()
    const { byToken, bySession } = fixture.deps.currentAuthority
    const bob = await fixture.login('alice')
    // Remembered as verified from here on.
    await byToken(alice.token)
    await byToken(twinOf(alice.token))
    await fixture.logout(alice.session)
    expect(await judgeAll()).toEqual({
      cookie: { ok: false, error: 'session-unknown' },
      token: revoked,
      twin: revoked,
      cookieToken: revoked,
      ticketOfCookie: revoked,
      ticketOfToken: revoked,
    })
    expect((await byToken(bob.token)).ok).toBe(true)
    expect((await bySession(bob.secret)).ok).toBe(true)
  })

  it('SES-1 is nothing from the moment the end is durable, whether or not the session was removed', async () => {
    const { fixture, alice, verdicts } = await createAlice()
    const { sessionId, subject } = alice.session
    await fixture.authorities.apply({ type: 'end-session', sessionId, subject })
    expect(await verdicts()).toEqual(all('refused'))
  })

  it('SES-1 is nothing in all sessions of a subject that was ended; the next login is good', async () => {
    const fixture = await createDomainFixture()
    const [one, other] = [await createAlice(fixture), await createAlice(fixture)]
    const bob = await fixture.login('bob')
    const nowMs = fixture.deps.now()
    await fixture.authorities.apply({
      type: 'end-subject',
      issuer,
      subject: 'alice',
      issuedBeforeMs: nowMs,
    })
    expect(await one.verdicts()).toEqual(all('refused'))
    expect(await other.verdicts()).toEqual(all('refused'))
    expect((await fixture.deps.currentAuthority.byToken(bob.token)).ok).toBe(true)
    // At once: what is ours does not hang on the second it was issued in.
    expect(await (await createAlice(fixture)).verdicts()).toEqual(all('good'))
  })

  it('SES-8 ends with the cookie exactly where it rests on it', async () => {
    const { fixture, alice, verdicts } = await createAlice()
    const { sessionId, subject } = alice.session
    await fixture.authorities.apply({ type: 'end-cookie', sessionId, subject })
    expect(await verdicts()).toEqual(all('good', { cookie: 'refused', ticketOfCookie: 'refused' }))
  })

  it('J47 SES-8 takes a remembered token no more that was revoked, nor its twin, nor a ticket of it', async () => {
    const { fixture, alice, verdicts } = await createAlice()
    const { byToken } = fixture.deps.currentAuthority
    const before = await byToken(alice.token)
    await byToken(twinOf(alice.token))
    const tokenId = before.ok ? (before.value.token?.id ?? '') : ''
    await fixture.authorities.apply({ type: 'revoke-token', issuer, tokenId })
    expect(await verdicts()).toEqual(
      all('good', { token: 'refused', twin: 'refused', ticketOfToken: 'refused' }),
    )
  })

  it('SES-8 takes no token that a revoked key signed until then, and takes what it signs later', async () => {
    const { fixture, verdicts } = await createAlice()
    const issuedBeforeMs = fixture.deps.now() + 400
    const revoke = { type: 'revoke-issued-before', issuer, issuedBeforeMs } as const
    await fixture.authorities.apply({ ...revoke, keyId: 'k2' })
    expect((await createAlice(fixture)).alice).toBeDefined()
    await fixture.authorities.apply({ ...revoke, keyId: 'k1' })
    expect(await verdicts()).toEqual(all('refused', { cookie: 'good', ticketOfCookie: 'good' }))
    // Of the same second: refused as well.
    fixture.advanceMs(900)
    const again = await fixture.login()
    const { byToken } = fixture.deps.currentAuthority
    expect(await byToken(again.token)).toEqual(revoked)
    fixture.advanceMs(100)
    expect(await (await createAlice(fixture)).verdicts()).toEqual(all('good'))
  })

  it('SES-6 hands on an outage of the store', async () => {
    const { fixture, alice } = await createAlice()
    const down = () => Promise.reject(new Error('down'))
    const current = createCurrentAuthority({
      ...fixture,
      ...fixture.deps,
      authorities: { current: down },
    })
    await expect(current.byToken(alice.token)).rejects.toThrow('down')
    await expect(current.bySession(alice.secret)).rejects.toThrow('down')
  })
})

const other = 'https://login.example.org'
const key = makeKey('k1')

/** Tokens of another issuer, judged with a store whose epoch begins at `epochSeconds`. */
async function createForeign(epochSeconds: number) {
  const clock = { nowMs: epochSeconds * 1000 }
  const { sink } = createRecordingSink()
  const authorities: AuthorityStore = createMemoryAuthorityStore({
    recordLifeMs: 90_000_000,
    builtInIssuer: issuer,
    sink,
    now: () => clock.nowMs,
  })
  const keys = { [`${other}/keys`]: [key.publicJwk] }
  const fixture = await createVerifierFixture([trustedIssuer()], keys, authorities.current)
  clock.nowMs = fixture.clock.nowMs
  const { byToken } = createCurrentAuthority({
    issuer,
    verifyToken: fixture.verifyToken,
    authorities,
    sessions: { find: async () => undefined },
    tickets: { redeem: async () => undefined },
    now: () => fixture.clock.nowMs,
  })
  const judge = async (compact: string) => {
    const judged = await byToken(compact)
    return judged.ok ? 'good' : judged.error
  }
  return { authorities, judge, clock: fixture.clock }
}

const tokenAt = (secondsAgo: number, changes: object = {}) => {
  const iat = nowSeconds - secondsAgo
  return makeToken(key, other, { iat, exp: iat + 3000, ...changes })
}

describe('what a token of another issuer is worth', () => {
  it('SES-1 is nothing when it is from before the epoch, as far as clocks may differ', async () => {
    const { judge } = await createForeign(nowSeconds - 60)
    expect(await judge(tokenAt(61))).toBe('revoked')
    expect(await judge(tokenAt(60))).toBe('revoked')
    expect(await judge(tokenAt(55))).toBe('revoked')
    expect(await judge(tokenAt(54))).toBe('good')
  })

  it('SES-8 is nothing when its subject was ended after it was issued, seen before or not', async () => {
    const { judge, authorities, clock } = await createForeign(nowSeconds - 3600)
    const [seen, unseen, ofBob] = [tokenAt(20), tokenAt(20), tokenAt(20, { sub: 'bob' })]
    expect(await judge(seen)).toBe('good')
    await authorities.apply({
      type: 'end-subject',
      issuer: other,
      subject: 'alice',
      issuedBeforeMs: nowSeconds * 1000,
    })
    expect([await judge(seen), await judge(unseen)]).toEqual(['revoked', 'revoked'])
    expect(await judge(ofBob)).toBe('good')
    clock.nowMs += 10_000
    expect(await judge(tokenAt(-5))).toBe('revoked')
    expect(await judge(tokenAt(-6))).toBe('good')
    // Its holder was last asked for a password before the end.
    expect(await judge(tokenAt(-6, { auth_time: nowSeconds - 100 }))).toBe('revoked')
  })

  it('SES-8 is nothing when its session was ended, by whichever token of it', async () => {
    const { judge, authorities } = await createForeign(nowSeconds - 3600)
    const [one, two, elsewhere] = ['a', 'a', 'b'].map((sid) => tokenAt(10, { sid }))
    expect(await judge(one ?? '')).toBe('good')
    const payload = { sid: 'a' }
    const sessionId = externalSessionId(other, { payload, payloadBytes: new Uint8Array() }) ?? ''
    await authorities.apply({ type: 'end-session', sessionId, subject: 'alice' })
    expect([await judge(one ?? ''), await judge(two ?? '')]).toEqual(['revoked', 'revoked'])
    expect(await judge(elsewhere ?? '')).toBe('good')
  })

  it('SES-8 is nothing when it was revoked by its id', async () => {
    const { judge, authorities } = await createForeign(nowSeconds - 3600)
    await authorities.apply({ type: 'revoke-token', issuer: other, tokenId: 'j1' })
    expect(await judge(tokenAt(10, { jti: 'j1' }))).toBe('revoked')
    expect(await judge(tokenAt(10, { jti: 'j2' }))).toBe('good')
  })
})
