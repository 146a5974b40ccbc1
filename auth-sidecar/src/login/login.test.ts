import { describe, expect, it } from 'vitest'
import { login } from './login.ts'
import type { User } from './password-hash.ts'
import { renew } from './renew.ts'
import { signedInCookies, signedOutCookies } from './session-cookies.ts'
import { createApiFixture, requestOf, routeOf, userOf } from './testing/api-fixture.ts'
import { userFingerprint } from './user-fingerprint.ts'

const body = { username: 'alice', password: 'right' }
const withTokenCookie = { routes: [routeOf({ ways: ['session-cookie', 'token-cookie'] })] }
/** A `Set-Cookie` value's name and value, as a browser would send them back. */
const pairOf = (setCookie = '') => setCookie.split(';')[0] ?? ''
const cookieNames = (setCookies: readonly string[] = []) =>
  setCookies.map((cookie) => cookie.slice(0, cookie.indexOf('=')))

describe('login', () => {
  it('SES-14 ends the oldest session of a subject that has a hundred, and no other subject’s', async () => {
    const { deps, ended, signIn } = await createApiFixture()
    const first = await signIn('alice')
    const bystander = await signIn('bob')
    for (let count = 1; count < 100; count += 1) await login(requestOf({ body }), deps)
    expect(ended()).toEqual([])
    await login(requestOf({ body }), deps)
    expect(ended()).toEqual([first.session.sessionId])
    expect(await deps.sessions.ofSubject('alice')).toHaveLength(100)
    expect(ended()).not.toContain(bystander.session.sessionId)
  })

  it('COO-6 W80 takes no secret from the browser, and ends the session it brought', async () => {
    const { deps, ended, signIn } = await createApiFixture()
    const earlier = await signIn('bob')
    const answer = await login(requestOf({ body, cookieHeader: earlier.cookieHeader }), deps)
    expect(ended()).toEqual([earlier.session.sessionId])
    const [session] = answer.setCookies ?? []
    expect(session).toMatch(/^sessionId=[\w-]{43};/)
    expect(session).not.toContain(earlier.secret)
    const fixed = 'A'.repeat(43)
    const again = await login(requestOf({ body, cookieHeader: `sessionId=${fixed}` }), deps)
    expect(pairOf(again.setCookies?.[0])).not.toContain(fixed)
  })

  it('LIM-1 remembers the device of who signed in, and of nobody else', async () => {
    const { deps } = await createApiFixture()
    const answer = await login(requestOf({ body }), deps)
    const device = answer.setCookies?.find((cookie) => cookie.startsWith('sallyport_device='))
    const [alice] = deps.users()
    const id = deps.devices.recognise(pairOf(device), alice)
    expect(id).toBeDefined()
    const again = await login(requestOf({ body, cookieHeader: pairOf(device) }), deps)
    const kept = again.setCookies?.find((cookie) => cookie.startsWith('sallyport_device='))
    expect(deps.devices.recognise(pairOf(kept), alice)).toBe(id)
    const refused = await login(requestOf({ body: { ...body, password: 'wrong' } }), deps)
    expect(refused).not.toHaveProperty('setCookies')
  })

  it('W93 refuses whose entry changed while the password was checked, and leaves no session', async () => {
    const { deps, ended } = await createApiFixture()
    const cases: (readonly User[])[] = [
      [],
      [userOf('alice', { passwordHash: 'another' })],
      [userOf('alice', { disabled: true })],
      [userOf('alice', { groups: ['staff'] })],
    ]
    for (const after of cases) {
      let users: readonly User[] = [userOf('alice')]
      const check = async () => {
        users = after
        return 'match' as const
      }
      const changing = { ...deps, users: () => users, checker: { check } }
      const { outcome, setCookies } = await login(requestOf({ body }), changing)
      expect(outcome).toMatchObject({
        error: { code: 'invalid-credential', detail: 'The name or the password is wrong' },
      })
      expect(setCookies).toBeUndefined()
      expect(await deps.sessions.ofSubject('alice')).toEqual([])
    }
    expect(ended()).toHaveLength(cases.length)
  })

  it('W93 goes by the users file of now, and its session tells by which entry it began', async () => {
    const { deps } = await createApiFixture()
    let users: readonly User[] = [userOf('alice')]
    const following = { ...deps, users: () => users }
    expect((await login(requestOf({ body }), following)).outcome.ok).toBe(true)
    users = []
    expect((await login(requestOf({ body }), following)).outcome.ok).toBe(false)
    users = [userOf('alice', { groups: ['staff'] })]
    expect((await login(requestOf({ body }), following)).outcome.ok).toBe(true)
    expect(await deps.sessions.ofSubject('alice')).toMatchObject([
      { groups: [], userFingerprint: userFingerprint(userOf('alice')) },
      {
        groups: ['staff'],
        userFingerprint: userFingerprint(userOf('alice', { groups: ['staff'] })),
      },
    ])
  })

  it.each([
    undefined,
    null,
    'text',
    [],
    {},
    { username: 'alice' },
    { ...body, username: 7 },
  ])('ORG-7 calls %j malformed, before it counts anything', async (odd) => {
    const { deps } = await createApiFixture({ limit: 1 })
    for (let count = 0; count < 2; count += 1) {
      const { outcome } = await login(requestOf({ body: odd }), deps)
      expect(outcome).toMatchObject({ error: { code: 'malformed-request' } })
    }
  })
})

describe('the token in a cookie', () => {
  it('R4.5 is set at login and anew at each renewal where a route takes it', async () => {
    const { deps, advanceMs } = await createApiFixture(withTokenCookie)
    const signedIn = await login(requestOf({ body }), deps)
    const names = ['sessionId', 'sallyport_signed_in', 'auth_token', 'sallyport_device']
    expect(cookieNames(signedIn.setCookies)).toEqual(names)
    advanceMs(60_000)
    const cookieHeader = pairOf(signedIn.setCookies?.[0])
    const renewed = await renew(requestOf({ cookieHeader }), deps)
    expect(cookieNames(renewed.setCookies)).toEqual(['auth_token'])
    expect(renewed.setCookies).not.toEqual([signedIn.setCookies?.[2]])
  })

  it('R4.5 is nowhere where no route takes it', async () => {
    const { deps } = await createApiFixture()
    const { setCookies } = await login(requestOf({ body }), deps)
    expect(cookieNames(setCookies)).not.toContain('auth_token')
    const renewed = await renew(requestOf({ cookieHeader: pairOf(setCookies?.[0]) }), deps)
    expect(renewed.setCookies).toEqual([])
  })

  it('COO-1 is httpOnly, tied to the host, and lives as long as its token', async () => {
    const { deps } = await createApiFixture(withTokenCookie)
    const secure = { ...deps, cookies: { ...deps.cookies, secure: true } }
    const { setCookies } = await login(requestOf({ body }), secure)
    const [pair = '', ...attributes] = (setCookies?.[2] ?? '').split('; ')
    expect(pair).toMatch(/^__Host-auth_token=[\w.-]+$/)
    expect(attributes.sort()).toEqual(
      ['HttpOnly', 'Max-Age=600', 'Path=/', 'SameSite=Lax', 'Secure'].sort(),
    )
  })

  it('AUT-8 is of a kind of its own: good as a cookie, nothing as a bearer', async () => {
    const { deps } = await createApiFixture(withTokenCookie)
    const { setCookies } = await login(requestOf({ body }), deps)
    const [, token = ''] = pairOf(setCookies?.[2]).split('=')
    const { byToken } = deps.currentAuthority
    expect((await byToken(token, { use: 'cookie', audience: undefined })).ok).toBe(true)
    expect((await byToken(token, { use: 'bearer', audience: undefined })).ok).toBe(false)
  })
})

describe('session cookies', () => {
  const lifeMs = 86_400_000

  it('R0.1 COO-1 are httpOnly, SameSite=Lax, Path=/, 24 h, Secure and __Host- in production', () => {
    const [session] = signedInCookies('secret', { name: 'sessionId', secure: true, lifeMs })
    expect(session?.split('; ').sort()).toEqual(
      [
        'HttpOnly',
        'Max-Age=86400',
        'Path=/',
        'SameSite=Lax',
        'Secure',
        '__Host-sessionId=secret',
      ].sort(),
    )
  })

  it('R0.1 are neither Secure nor prefixed in development, and still httpOnly', () => {
    const [session, companion] = signedInCookies('secret', {
      name: 'sessionId',
      secure: false,
      lifeMs,
    })
    expect(session).toMatch(/^sessionId=secret; /)
    expect(session).toContain('HttpOnly')
    expect(session).not.toContain('Secure')
    expect(companion).toMatch(/^sallyport_signed_in=1; /)
    expect(companion).not.toContain('HttpOnly')
  })

  it('R0.1 are both removed at sign-out', () => {
    const removed = signedOutCookies({ name: 'sessionId', secure: true, lifeMs })
    expect(removed).toHaveLength(2)
    for (const cookie of removed) expect(cookie).toContain('Max-Age=0')
  })
})
