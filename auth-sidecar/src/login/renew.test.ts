import { describe, expect, it } from 'vitest'
import { refresh } from './refresh.ts'
import { renew } from './renew.ts'
import { createApiFixture, requestOf, routeOf } from './testing/api-fixture.ts'

const withTokenCookie = { routes: [routeOf({ ways: ['session-cookie', 'token-cookie'] })] }

describe('renewal', () => {
  it('R2.7 answers 401 for a dead session and removes no cookie: a newer one may be there by then', async () => {
    const { deps, signIn, signOut } = await createApiFixture(withTokenCookie)
    const { cookieHeader, session } = await signIn()
    await signOut(session)
    const answer = await renew(requestOf({ cookieHeader }), deps)
    expect(answer).toMatchObject({ outcome: { error: { code: 'invalid-credential' } } })
    expect(answer.setCookies ?? []).toEqual([])
  })

  it.each([
    undefined,
    {},
    [],
    { other: 1 },
  ])('R1.1 by cookie takes the body %j for none', async (body) => {
    const { deps, signIn } = await createApiFixture()
    const { cookieHeader, session } = await signIn()
    const { outcome } = await refresh(requestOf({ cookieHeader, body }), deps)
    expect(outcome).toMatchObject({ value: { sessionId: session.sessionId } })
    expect(outcome).not.toHaveProperty('value.refreshToken')
  })

  it('SES-13 never makes a session or its cookie last longer: 24 h after the sign-in it is over', async () => {
    const { deps, advanceMs, signIn } = await createApiFixture(withTokenCookie)
    const { cookieHeader, session } = await signIn()
    const { expiresAtMs, secretHash } = session
    for (let hour = 1; hour < 24; hour += 1) {
      advanceMs(3_600_000)
      const { outcome, setCookies } = await renew(requestOf({ cookieHeader }), deps)
      expect(outcome.ok).toBe(true)
      expect(setCookies?.map((cookie) => cookie.split('=')[0])).toEqual(['auth_token'])
      expect(await deps.sessions.find(secretHash)).toEqual(session)
    }
    advanceMs(3_300_000)
    const last = await renew(requestOf({ cookieHeader }), deps)
    expect(last.outcome).toMatchObject({
      value: { expiresInMs: 300_000, expiresAt: new Date(expiresAtMs).toISOString() },
    })
    expect(last.setCookies?.[0]).toContain('Max-Age=300;')
    advanceMs(300_000)
    const over = await renew(requestOf({ cookieHeader }), deps)
    expect(over.outcome).toMatchObject({ error: { code: 'invalid-credential' } })
  })
})

describe('renewal of a token cookie', () => {
  it('R3.7 tells every backend until when the sockets of that cookie may stay', async () => {
    const { deps, advanceMs, events, signIn } = await createApiFixture(withTokenCookie)
    const { cookieHeader, session } = await signIn()
    advanceMs(60_000)
    await refresh(requestOf({ cookieHeader }), deps)
    const { sessionId } = session
    const extended = { type: 'session-extended', sessionId, subject: 'alice' }
    expect(events).toMatchObject([{ ...extended, expiresAtMs: deps.now() + 600_000 }])
    advanceMs(86_040_000)
    await renew(requestOf({ cookieHeader }), deps)
    expect(events).toMatchObject([{}, { ...extended, expiresAtMs: session.expiresAtMs }])
  })

  it('RX.3 tells the facts of the token that is in the new cookie, as whoever verifies it reads them', async () => {
    const { deps, advanceMs, events, signIn } = await createApiFixture(withTokenCookie)
    const { cookieHeader } = await signIn()
    advanceMs(60_000)
    const { setCookies } = await refresh(requestOf({ cookieHeader }), deps)
    const compact = /^auth_token=([^;]+)/.exec(setCookies?.[0] ?? '')?.[1] ?? ''
    const expected = { use: 'cookie', audience: undefined } as const
    const judged = await deps.currentAuthority.byToken(compact, expected)
    const token = judged.ok ? judged.value.token : undefined
    expect(token).toMatchObject({ keyId: 'k1', issuedAtMs: deps.now() })
    expect(events).toMatchObject([{ type: 'session-extended', token }])
  })

  it('R3.7 is nothing to tell where no route takes such a cookie, or the session is dead', async () => {
    const off = await createApiFixture()
    const { cookieHeader } = await off.signIn()
    expect((await renew(requestOf({ cookieHeader }), off.deps)).outcome.ok).toBe(true)
    expect(off.events).toEqual([])
    const on = await createApiFixture(withTokenCookie)
    const dead = await on.signIn()
    await on.signOut(dead.session)
    await renew(requestOf({ cookieHeader: dead.cookieHeader }), on.deps)
    expect(on.events.map(({ type }) => type)).toEqual(['session-ended'])
  })

  it('R3.7 fails when the backends cannot be told: no answer says that sockets go on which end', async () => {
    const { deps, signIn } = await createApiFixture(withTokenCookie)
    const { cookieHeader } = await signIn()
    const announceExtension = () => Promise.reject(new Error('out'))
    const asked = renew(requestOf({ cookieHeader }), { ...deps, announceExtension })
    await expect(asked).rejects.toThrow('out')
  })
})
