import { describe, expect, it } from 'vitest'
import { issueToken } from '../tokens/issue-token.ts'
import { logout } from './logout.ts'
import { createApiFixture, requestOf, routeOf } from './testing/api-fixture.ts'

async function setUp(audiences: readonly (string | undefined)[] = [undefined]) {
  const routes = audiences.map((audience, index) => routeOf({ name: `route-${index}`, audience }))
  const fixture = await createApiFixture({ routes })
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
    expect(ended()).toEqual([session.sessionId])
  })

  it('SES-1 ends the session of a good token although the cookie beside it is unknown', async () => {
    const { ended, signIn, out } = await setUp()
    const { authorization, session } = await signIn()
    await out(`sessionId=${'A'.repeat(43)}`, authorization)
    expect(ended()).toEqual([session.sessionId])
  })

  it('SES-1 ends the session of a good cookie whatever else stands in Authorization', async () => {
    const { ended, signIn, out } = await setUp()
    for (const authorization of ['Basic abc', 'Bearer', 'Bearer a b', '']) {
      const { cookieHeader, session } = await signIn()
      await out(cookieHeader, authorization)
      expect(ended().at(-1)).toBe(session.sessionId)
    }
    const refused = await out(undefined, 'Basic abc')
    expect(refused).toMatchObject({ outcome: { error: { code: 'invalid-credential' } } })
  })

  it('SES-1 ends the session of a token in a cookie, which a bearer in that cookie does not', async () => {
    const { deps, ended, signIn, out } = await setUp()
    const { session, token } = await signIn()
    await out(`auth_token=${token}`)
    expect(ended()).toEqual([])
    const { compact } = await deps.tokenCookie.issue(session)
    await out(`auth_token=${compact}`)
    expect(ended()).toEqual([session.sessionId])
  })

  it('SES-1 ends both sessions where both are good, and one that both name only once', async () => {
    const { ended, signIn, out } = await setUp()
    const [first, second] = [await signIn(), await signIn('bob')]
    await out(first.cookieHeader, second.authorization)
    expect(ended().toSorted()).toEqual(
      [first.session.sessionId, second.session.sessionId].toSorted(),
    )
    const third = await signIn()
    await out(third.cookieHeader, third.authorization)
    expect(ended().filter((id) => id === third.session.sessionId)).toHaveLength(1)
  })

  it('SES-1 ends the session of a token that is good only at a route with its own audience', async () => {
    const { deps, ended, signIn, out } = await setUp(['stock', undefined, 'orders', 'orders'])
    for (const audience of ['orders', 'stock', 'sallyport']) {
      const { session } = await signIn()
      const { compact } = await issueToken(session, { ...deps.tokens, audience })
      expect(await out(undefined, `Bearer ${compact}`)).toMatchObject({ outcome: { ok: true } })
      expect(ended().at(-1)).toBe(session.sessionId)
    }
    expect(ended()).toHaveLength(3)
  })

  it('SES-1 ends what is good although something beside it cannot be judged, and then tells the outage', async () => {
    const { deps, ended, signIn } = await setUp()
    const { cookieHeader, authorization, session } = await signIn()
    const byToken = () => Promise.reject(new Error('no key set'))
    const broken = { ...deps, currentAuthority: { ...deps.currentAuthority, byToken } }
    const answer = logout(requestOf({ cookieHeader, authorization }), broken)
    await expect(answer).rejects.toThrow('no key set')
    expect(ended()).toEqual([session.sessionId])
  })

  it('SES-1 says so when a token came alone and ends nothing', async () => {
    const { advanceMs, deps, ended, signIn, out } = await setUp(['orders'])
    const { authorization, cookieHeader, session } = await signIn()
    const { compact } = await issueToken(session, { ...deps.tokens, audience: 'nobody-here' })
    const refused = {
      outcome: { error: { code: 'invalid-credential', detail: 'Invalid credential' } },
    }
    expect(await out(undefined, `Bearer ${compact}`)).toMatchObject(refused)
    expect(await out(undefined, 'Bearer a.b.c')).toMatchObject(refused)
    expect(ended()).toEqual([])
    await out(undefined, authorization)
    expect(ended()).toEqual([session.sessionId])
    expect(await out(undefined, authorization)).toMatchObject(refused)
    // Beside a cookie, whatever it is worth, the cookies are what is to be cleared.
    expect(await out(cookieHeader, authorization)).toMatchObject({ outcome: { ok: true } })
    expect(await out('auth_token=x', authorization)).toMatchObject({ outcome: { ok: true } })
    advanceMs(700_000)
    expect(await out(undefined, authorization)).toMatchObject(refused)
  })

  it('SES-1 judges a token again only where another audience could make it good', async () => {
    const { deps, signIn } = await setUp(['a', 'b', 'c'])
    const asked: (string | undefined)[] = []
    const byToken: typeof deps.currentAuthority.byToken = (compact, expected) => {
      asked.push(expected?.audience)
      return deps.currentAuthority.byToken(compact, expected)
    }
    const currentAuthority = { ...deps.currentAuthority, byToken }
    const out = (authorization: string) =>
      logout(requestOf({ authorization }), { ...deps, currentAuthority })
    await out('Bearer a.b.c')
    expect(asked).toEqual([undefined])
    const { session } = await signIn()
    const { compact } = await issueToken(session, { ...deps.tokens, audience: 'b' })
    await out(`Bearer ${compact}`)
    expect(asked).toEqual([undefined, undefined, 'a', 'b'])
  })

  it('R1.1 clears the cookies of whoever had nothing to end, but not what tells the device', async () => {
    const { ended, out } = await setUp()
    const answer = await out()
    expect(answer).toMatchObject({ outcome: { ok: true } })
    const cleared = answer.setCookies?.map((cookie) => cookie.slice(0, cookie.indexOf('=')))
    expect(cleared).toEqual(['sessionId', 'sallyport_signed_in', 'auth_token'])
    for (const cookie of answer.setCookies ?? []) expect(cookie).toContain('Max-Age=0')
    expect(ended()).toEqual([])
  })
})
