// J48: what sallyport.yml says about tokens and routes is compared, never run as a pattern: no expression that
// hangs, none that remembers where it stopped, none that means more than it says.

import { describe, expect, it } from 'vitest'
import { whoMay } from '../policy/who-may.ts'
import { makeKey, makeToken } from './testing/make-token.ts'
import { bearer, createVerifierFixture, trustedIssuer } from './testing/verifier-fixture.ts'

const issuer = 'https://login.example.org'
const key = makeKey('k1')
const keys = { [`${issuer}/keys`]: [key.publicJwk] }
const hang = '(a+)+$'

describe('texts of the configuration', () => {
  it.each([
    '.*',
    '^sallyport$',
    '/sallyport/g',
    'sally|sallyport',
    hang,
  ])('J48 AUT-7 the audience %s is that text and no pattern', async (audience) => {
    const { verify } = await createVerifierFixture([trustedIssuer({ audience })], keys)
    expect(await verify(makeToken(key, issuer))).toEqual({ ok: false, error: 'token-audience' })
    expect((await verify(makeToken(key, issuer, { aud: audience }))).ok).toBe(true)
    const ofRoute = { ...bearer, audience }
    const { verify: verifyAtRoute } = await createVerifierFixture([trustedIssuer()], keys)
    expect((await verifyAtRoute(makeToken(key, issuer), ofRoute)).ok).toBe(false)
    expect((await verifyAtRoute(makeToken(key, issuer, { aud: audience }), ofRoute)).ok).toBe(true)
  })

  it('J48 AUT-6 an issuer is that text: no dot stands for another letter', async () => {
    const { verify } = await createVerifierFixture([trustedIssuer()], keys)
    const lookalike = issuer.replace('login.', 'loginX')
    expect(await verify(makeToken(key, lookalike))).toEqual({ ok: false, error: 'token-issuer' })
  })

  it('J48 judges the same token alike each time', async () => {
    const { verify } = await createVerifierFixture([trustedIssuer()], keys)
    const [good, bad] = [makeToken(key, issuer), makeToken(key, issuer, { aud: 'other' })]
    for (let turn = 0; turn < 4; turn += 1) {
      expect([(await verify(good)).ok, (await verify(bad)).ok]).toEqual([true, false])
    }
  })

  it('J48 groups, scopes and claims of a route are texts as well', () => {
    const who = { groups: ['st.ff'], scopes: ['.*'], claims: { plan: ['go?ld'] } }
    const holder = { groups: ['staff'], scopes: ['read'], claims: { plan: 'gold' } }
    expect(whoMay(who, holder)).toBe(false)
    expect(whoMay(who, { groups: ['st.ff'], scopes: ['.*'], claims: { plan: 'go?ld' } })).toBe(true)
  })
})
