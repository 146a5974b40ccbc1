import { describe, expect, it } from 'vitest'
import { logout } from './logout.ts'
import { createApiFixture, requestOf } from './testing/api-fixture.ts'

async function setUp() {
  const fixture = await createApiFixture()
  const out = (cookieHeader?: string, authorization?: string) =>
    logout(requestOf({ cookieHeader, authorization }), fixture.deps)
  return { ...fixture, out }
}

describe('logout', () => {
  it('SES-1 ends the session of a good cookie although the token beside it has expired', async () => {
    const { advanceMs, ended, signIn, out } = await setUp()
    const { cookieHeader, authorization, session } = await signIn()
    advanceMs(700_000)
    await out(cookieHeader, authorization)
    expect(ended).toEqual([session.sessionId])
  })

  it('SES-1 ends the session of a good token although the cookie beside it is unknown', async () => {
    const { ended, signIn, out } = await setUp()
    const { authorization, session } = await signIn()
    await out(`sessionId=${'A'.repeat(43)}`, authorization)
    expect(ended).toEqual([session.sessionId])
  })

  it('SES-1 ends the session of a good cookie whatever else stands in Authorization', async () => {
    const { ended, signIn, out } = await setUp()
    for (const authorization of ['Basic abc', 'Bearer', 'Bearer a b', '']) {
      const { cookieHeader, session } = await signIn()
      await out(cookieHeader, authorization)
      expect(ended.at(-1)).toBe(session.sessionId)
    }
    const refused = await out(undefined, 'Basic abc')
    expect(refused).toMatchObject({ outcome: { error: { code: 'invalid-credential' } } })
  })

  it('SES-1 ends the session of a token in a cookie, which a bearer in that cookie does not', async () => {
    const { deps, ended, signIn, out } = await setUp()
    const { session, token } = await signIn()
    await out(`auth_token=${token}`)
    expect(ended).toEqual([])
    const { compact } = await deps.tokenCookie.issue(session)
    await out(`auth_token=${compact}`)
    expect(ended).toEqual([session.sessionId])
  })

  it('SES-1 ends both sessions where both are good, and one that both name only once', async () => {
    const { ended, signIn, out } = await setUp()
    const [first, second] = [await signIn(), await signIn('bob')]
    await out(first.cookieHeader, second.authorization)
    expect(ended.toSorted()).toEqual([first.session.sessionId, second.session.sessionId].toSorted())
    const third = await signIn()
    await out(third.cookieHeader, third.authorization)
    expect(ended.filter((id) => id === third.session.sessionId)).toHaveLength(1)
  })

  it('R1.1 clears the cookies of whoever had nothing to end, but not what tells the device', async () => {
    const { ended, out } = await setUp()
    const answer = await out()
    expect(answer).toMatchObject({ outcome: { ok: true } })
    const cleared = answer.setCookies?.map((cookie) => cookie.slice(0, cookie.indexOf('=')))
    expect(cleared).toEqual(['sessionId', 'sallyport_signed_in', 'auth_token'])
    for (const cookie of answer.setCookies ?? []) expect(cookie).toContain('Max-Age=0')
    expect(ended).toEqual([])
  })
})
