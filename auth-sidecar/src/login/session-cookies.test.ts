import { parseSetCookie } from 'cookie'
import { describe, expect, it } from 'vitest'
import { createKnownDevices } from './known-device.ts'
import { login } from './login.ts'
import { signedInCookies, signedOutCookies } from './session-cookies.ts'
import { createApiFixture, requestOf, routeOf } from './testing/api-fixture.ts'
import { freshTokenCookie, removedTokenCookie } from './token-cookie.ts'

const everyWay = [routeOf({ ways: ['session-cookie', 'token-cookie'] })]

/** Every cookie the gate sets, made by the code that makes it. */
async function everyCookie(secure: boolean): Promise<string[]> {
  const { deps, signIn } = await createApiFixture({ routes: everyWay })
  const { session, secret } = await signIn()
  const cookies = { name: 'sessionId', secure, lifeMs: 60_000 }
  const { now } = deps.tokens
  const devices = createKnownDevices({ secret: new Uint8Array(32), secure, now })
  const token = await freshTokenCookie(session, { tokenCookie: deps.tokenCookie, cookies, now })
  return [
    ...signedInCookies(secret, cookies),
    ...signedOutCookies(cookies),
    token?.setCookie ?? '',
    removedTokenCookie(cookies),
    devices.remember({ id: 'alice', passwordHash: 'hash' }, undefined),
  ]
}

describe('the cookies of the gate', () => {
  it.each([
    true,
    false,
  ])('COO-7 COO-1 are for our own pages only, never partitioned: secure %s', async (secure) => {
    const cookies = await everyCookie(secure)
    expect(cookies).toHaveLength(7)
    for (const text of cookies) {
      const cookie = parseSetCookie(text)
      expect(cookie).toMatchObject({ sameSite: 'lax', path: '/' })
      expect(cookie).not.toHaveProperty('partitioned')
      expect(cookie).not.toHaveProperty('domain')
      expect(cookie?.secure ?? false).toBe(secure)
      expect(cookie?.name.startsWith('__Host-')).toBe(secure)
    }
  })

  it('COO-7 are those a sign-in really sets, and no others', async () => {
    const { deps } = await createApiFixture({ routes: everyWay })
    const body = { username: 'alice', password: 'right' }
    const { setCookies = [] } = await login(requestOf({ body }), deps)
    expect(setCookies).toHaveLength(4)
    for (const text of setCookies) {
      expect(parseSetCookie(text)).toMatchObject({ sameSite: 'lax' })
      expect(text).not.toMatch(/partitioned|samesite=none/i)
    }
  })
})
