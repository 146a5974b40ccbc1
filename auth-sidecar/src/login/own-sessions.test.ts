import { ok } from '@sallyport/contracts/result'
import { describe, expect, it } from 'vitest'
import { login } from './login.ts'
import { endOwnSession, listOwnSessions } from './own-sessions.ts'
import { createApiFixture, requestOf } from './testing/api-fixture.ts'

type Fixture = Awaited<ReturnType<typeof createApiFixture>>
type Credentials = Partial<Record<'cookieHeader' | 'authorization', string>>

async function list({ deps }: Fixture, { cookieHeader, authorization }: Credentials) {
  const { outcome } = await listOwnSessions(requestOf({ cookieHeader, authorization }), deps)
  return outcome.ok ? (outcome.value ?? []) : outcome.error.code
}

function end({ deps }: Fixture, id: string, { cookieHeader, authorization }: Credentials) {
  return endOwnSession(requestOf({ cookieHeader, authorization }), id, deps)
}

const byCookie = ({ cookieHeader }: { cookieHeader: string }) => ({ cookieHeader })
const byToken = ({ authorization }: { authorization: string }) => ({ authorization })

describe('the list of one’s own sessions', () => {
  it('R1.2 SES-7 has every live one, its device, and which one asks', async () => {
    const fixture = await createApiFixture()
    const body = {
      username: 'alice',
      password: 'right',
      deviceInfo: { clientId: 'kiosk-7', deviceType: 'tablet' },
    }
    await login(requestOf({ body, clientAddress: '198.51.100.4' }), fixture.deps)
    fixture.advanceMs(60_000)
    const here = await fixture.signIn('alice')
    await fixture.signIn('bob')
    const listed = await list(fixture, byCookie(here))
    expect(listed).toEqual([
      {
        sessionId: expect.stringMatching(/^[\w-]{22}$/) as string,
        isCurrent: false,
        device: { clientId: 'kiosk-7', deviceType: 'tablet', ipAddress: '198.51.100.4' },
        createdAt: '2027-01-15T08:00:00.000Z',
        expiresAt: '2027-01-16T08:00:00.000Z',
      },
      {
        sessionId: here.session.sessionId,
        isCurrent: true,
        device: { clientId: 'c', deviceType: 'browser', ipAddress: '203.0.113.7' },
        createdAt: '2027-01-15T08:01:00.000Z',
        expiresAt: '2027-01-16T08:01:00.000Z',
      },
    ])
    expect(await list(fixture, byToken(here))).toEqual(listed)
  })

  it('R1.2 tells no secret of a session, nor the hash of one', async () => {
    const fixture = await createApiFixture()
    const { secret, session, token, ...here } = await fixture.signIn()
    const text = JSON.stringify(await list(fixture, byCookie(here)))
    for (const hidden of [secret, session.secretHash, token]) expect(text).not.toContain(hidden)
  })

  it('SES-7 leaves out what has ended, also where its record is still there', async () => {
    const fixture = await createApiFixture()
    const here = await fixture.signIn()
    const [ended, withoutCookie] = [await fixture.signIn(), await fixture.signIn()]
    const { authorities } = fixture.deps
    const { sessionId } = withoutCookie.session
    const { subject } = ended.session
    await authorities.apply({ type: 'end-session', sessionId: ended.session.sessionId, subject })
    await authorities.apply({ type: 'end-cookie', sessionId, subject })
    const listed = await list(fixture, byCookie(here))
    expect(listed).toMatchObject([{ sessionId: here.session.sessionId, isCurrent: true }])
    expect(await fixture.deps.sessions.ofSubject('alice')).toHaveLength(3)
  })
})

describe('the end of one of one’s own sessions', () => {
  it('R1.2 SES-7 ends that one and no other, and leaves the cookies of whoever asked', async () => {
    const fixture = await createApiFixture()
    const [here, phone, tablet] = [
      await fixture.signIn(),
      await fixture.signIn(),
      await fixture.signIn(),
    ]
    expect(await end(fixture, phone.session.sessionId, byCookie(here))).toEqual({
      outcome: ok(undefined),
    })
    expect(fixture.ended()).toEqual([phone.session.sessionId])
    expect(fixture.events).toMatchObject([{ type: 'session-ended', scope: 'everything' }])
    const left = [here, tablet].map(({ session }) => session.sessionId)
    expect(await list(fixture, byCookie(here))).toMatchObject(
      left.map((sessionId) => ({ sessionId })),
    )
    expect(await list(fixture, byCookie(phone))).toBe('invalid-credential')
    expect(await list(fixture, byToken(phone))).toBe('invalid-credential')
  })

  it('SES-7 ends the one that asks like a logout: its cookies go with it', async () => {
    const fixture = await createApiFixture()
    const here = await fixture.signIn()
    const answer = await end(fixture, here.session.sessionId, byCookie(here))
    expect(fixture.ended()).toEqual([here.session.sessionId])
    const cleared = answer.setCookies?.map((cookie) => cookie.slice(0, cookie.indexOf('=')))
    expect(cleared).toEqual(['sessionId', 'sallyport_signed_in', 'auth_token'])
    for (const cookie of answer.setCookies ?? []) expect(cookie).toContain('Max-Age=0')
    expect(await list(fixture, byCookie(here))).toBe('invalid-credential')
  })

  it('SES-7 ends the one that asks by its token although its cookie ended before', async () => {
    const fixture = await createApiFixture()
    const here = await fixture.signIn()
    const { sessionId, subject } = here.session
    await fixture.deps.authorities.apply({ type: 'end-cookie', sessionId, subject })
    expect(await list(fixture, byToken(here))).toEqual([])
    const { outcome } = await end(fixture, here.session.sessionId, byToken(here))
    expect(outcome.ok).toBe(true)
    expect(await list(fixture, byToken(here))).toBe('invalid-credential')
  })

  it('SES-7 tells another person’s session, one that ended and none at all in the same words', async () => {
    const fixture = await createApiFixture()
    const [here, other, gone] = [
      await fixture.signIn('alice'),
      await fixture.signIn('bob'),
      await fixture.signIn('alice'),
    ]
    await fixture.signOut(gone.session)
    const answers = await Promise.all(
      [other, gone]
        .map(({ session }) => session.sessionId)
        .concat('nothing', '', '__proto__')
        .map((id) => end(fixture, id, byCookie(here))),
    )
    for (const answer of answers) {
      expect(answer).toEqual(answers[0])
      expect(answer).toMatchObject({ outcome: { error: { code: 'not-found' } } })
    }
    expect(fixture.ended()).toEqual([gone.session.sessionId])
    expect(await list(fixture, byCookie(other))).toHaveLength(1)
  })

  it('SES-7 says 503 when the end cannot be made durable, and nobody believes that it has', async () => {
    const fixture = await createApiFixture()
    const here = await fixture.signIn()
    const authorities = {
      ...fixture.deps.authorities,
      apply: () => Promise.reject(new Error('out')),
    }
    const asked = endOwnSession(requestOf(byCookie(here)), here.session.sessionId, {
      ...fixture.deps,
      authorities,
    })
    await expect(asked).rejects.toThrow('out')
    expect(await list(fixture, byCookie(here))).toHaveLength(1)
  })
})

describe('who may ask for sessions', () => {
  it('R1.7 SES-7 is judged like everywhere: nothing, what is dead, two that differ', async () => {
    const fixture = await createApiFixture()
    const [alice, elsewhere, bob, dead] = [
      await fixture.signIn('alice'),
      await fixture.signIn('alice'),
      await fixture.signIn('bob'),
      await fixture.signIn('alice'),
    ]
    await fixture.signOut(dead.session)
    const { compact } = await fixture.deps.tokenCookie.issue(alice.session)
    const cases: [Credentials, string][] = [
      [{}, 'authentication-required'],
      [{ cookieHeader: `auth_token=${compact}` }, 'authentication-required'],
      [{ cookieHeader: `sessionId=${'A'.repeat(43)}` }, 'invalid-credential'],
      [{ authorization: 'Bearer a.b.c' }, 'invalid-credential'],
      [{ authorization: `Bearer ${compact}` }, 'invalid-credential'],
      [{ authorization: 'Basic YTpi' }, 'invalid-credential'],
      [byCookie(dead), 'invalid-credential'],
      [byToken(dead), 'invalid-credential'],
      [{ ...byCookie(alice), ...byToken(dead) }, 'invalid-credential'],
      [{ ...byCookie(alice), ...byToken(bob) }, 'conflicting-credentials'],
      [{ ...byCookie(alice), ...byToken(elsewhere) }, 'conflicting-credentials'],
    ]
    for (const [credentials, code] of cases) {
      expect(await list(fixture, credentials)).toBe(code)
      const { outcome } = await end(fixture, alice.session.sessionId, credentials)
      expect(outcome).toMatchObject({ error: { code } })
    }
    expect(fixture.ended()).toEqual([dead.session.sessionId])
    expect(await list(fixture, { ...byCookie(alice), ...byToken(alice) })).toHaveLength(2)
    expect(await list(fixture, { ...byCookie(dead), ...byToken(alice) })).toHaveLength(2)
  })

  it('SES-7 R1.5 is nobody of another issuer: its subjects are not ours, whatever they are called', async () => {
    const fixture = await createApiFixture()
    const alice = await fixture.signIn('alice')
    const byHere = await fixture.deps.currentAuthority.bySession(alice.secret)
    if (!byHere.ok) return expect.fail('alice is not signed in')
    const foreign = { ...byHere.value, issuer: 'https://idp.example.net' }
    const currentAuthority = { ...fixture.deps.currentAuthority, byToken: async () => ok(foreign) }
    const other = { ...fixture, deps: { ...fixture.deps, currentAuthority } }
    expect(await list(other, byToken(alice))).toBe('not-allowed')
    const { outcome } = await end(other, alice.session.sessionId, byToken(alice))
    expect(outcome).toMatchObject({
      error: { code: 'not-allowed', detail: expect.stringContaining('another issuer') as string },
    })
    expect(await list({ ...other }, { ...byCookie(alice), ...byToken(alice) })).toBe(
      'conflicting-credentials',
    )
    expect(fixture.ended()).toEqual([])
  })
})
