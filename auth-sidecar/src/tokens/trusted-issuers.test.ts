import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { KeySetUnavailable } from './key-source.ts'
import { claimsOf, makeKey, makeToken, nowSeconds, signParts } from './testing/make-token.ts'
import { bearer, cookie, createVerifierFixture, trustedIssuer } from './testing/verifier-fixture.ts'

const one = 'https://login.example.org'
const two = 'https://tenant.example.net'
const keyOfOne = makeKey('k1')
const keyOfTwo = makeKey('k2', 'EdDSA')
const tables = {
  [`${one}/keys`]: [keyOfOne.publicJwk],
  [`${two}/keys`]: [keyOfTwo.publicJwk],
}
const issuers = [trustedIssuer(), trustedIssuer({ issuer: two, algorithms: ['EdDSA'] })]

describe('tokens of other issuers', () => {
  it('AUT-6 are accepted from each, with that one’s keys', async () => {
    const { verify } = await createVerifierFixture(issuers, tables)
    const verified = await verify(makeToken(keyOfTwo, two, { jti: 'j1', scope: 'read write' }))
    expect(verified.ok && verified.value).toMatchObject({
      issuer: two,
      subject: 'alice',
      username: 'alice',
      scopes: ['read', 'write'],
      groups: [],
      generation: { epoch: 'epoch', subject: 3, session: 0 },
    })
    expect((await verify(makeToken(keyOfOne, one))).ok).toBe(true)
  })

  it('J39 AUT-6 are refused under the key of another, the built-in issuer included', async () => {
    const { verify, key, token } = await createVerifierFixture(issuers, tables)
    const refused = [
      makeToken(keyOfTwo, one),
      makeToken(keyOfOne, two),
      makeToken(key, one),
      token({}, {}, keyOfOne),
    ]
    for (const compact of refused) {
      expect((await verify(compact)).ok).toBe(false)
    }
  })

  it('J39 keep to one issuer even when two of them use the same kid', async () => {
    const twin = makeKey('k1')
    const { verify } = await createVerifierFixture(
      [trustedIssuer(), trustedIssuer({ issuer: two })],
      {
        [`${one}/keys`]: [keyOfOne.publicJwk],
        [`${two}/keys`]: [twin.publicJwk],
      },
    )
    expect((await verify(makeToken(keyOfOne, one))).ok).toBe(true)
    expect((await verify(makeToken(twin, two))).ok).toBe(true)
    expect(await verify(makeToken(keyOfOne, two))).toEqual({ ok: false, error: 'token-refused' })
  })

  it('J07 J08 AUT-5 make nobody ask anywhere but at the configured address', async () => {
    const { verify, requests } = await createVerifierFixture([trustedIssuer()], tables)
    const evil = makeKey('evil')
    const headers = [
      { jku: 'https://evil.example/keys' },
      { x5u: 'http://169.254.169.254/' },
      { jwk: evil.publicJwk },
      { kid: 'https://evil.example/keys' },
    ]
    for (const header of headers) {
      expect((await verify(makeToken(evil, one, {}, header))).ok).toBe(false)
      expect((await verify(makeToken(keyOfOne, one, {}, header))).ok).toBe(false)
    }
    expect(requests).toEqual([`${one}/keys`])
  })

  it('AUT-8 are never good as a cookie', async () => {
    const { verify } = await createVerifierFixture(issuers, tables)
    expect(await verify(makeToken(keyOfOne, one), cookie)).toEqual({
      ok: false,
      error: 'token-issuer',
    })
    const named = makeToken(keyOfOne, one, {}, { typ: 'cookie+jwt' })
    expect(await verify(named, cookie)).toEqual({ ok: false, error: 'token-issuer' })
  })

  it('AUT-4 J13 J21 are refused under an algorithm that is not configured, although the key would do', async () => {
    const rsa = makeKey('r1', 'RS256')
    const { alg: _none, ...unnamed } = rsa.publicJwk
    const { verify } = await createVerifierFixture(
      [trustedIssuer({ algorithms: ['PS256', 'RS256'] })],
      {
        [`${one}/keys`]: [unnamed],
      },
    )
    expect((await verify(makeToken({ ...rsa, alg: 'PS256' }, one))).ok).toBe(true)
    expect(await verify(makeToken(rsa, one))).toEqual({ ok: false, error: 'token-key' })
  })

  it.each([
    [undefined, undefined, true],
    [undefined, 'JWT', true],
    [undefined, 'at+jwt', false],
    ['jwt', undefined, false],
    ['at+jwt', 'JWT', false],
  ])('J37 with the type %s configured, %s is accepted: %s', async (tokenType, typ, accepted) => {
    const { verify } = await createVerifierFixture([trustedIssuer({ tokenType })], tables)
    expect((await verify(makeToken(keyOfOne, one, {}, { typ }))).ok).toBe(accepted)
  })

  it.each([
    ['azp', { aud: 'account', azp: 'sallyport' }, true],
    ['azp', { aud: 'sallyport', azp: 'other' }, false],
    ['azp', { aud: 'sallyport', azp: ['sallyport'] }, false],
    ['client_id', { aud: undefined, client_id: 'sallyport' }, true],
    ['client_id', { aud: 'sallyport' }, false],
  ] as const)('J35 AUT-7 with %s as the claim, %o: %s', async (audienceClaim, claims, accepted) => {
    const { verify } = await createVerifierFixture([trustedIssuer({ audienceClaim })], tables)
    expect((await verify(makeToken(keyOfOne, one, claims))).ok).toBe(accepted)
  })

  it('AUT-9 keep to the tolerance and the longest life of their issuer', async () => {
    const strict = trustedIssuer({ clockToleranceSeconds: 0, maxLifeSeconds: 60 })
    const { verify } = await createVerifierFixture([strict], tables)
    const faultOf = async (changes: object) => {
      const verified = await verify(makeToken(keyOfOne, one, { exp: nowSeconds + 60, ...changes }))
      return verified.ok ? undefined : verified.error
    }
    expect(await faultOf({})).toBeUndefined()
    expect(await faultOf({ nbf: nowSeconds + 1 })).toBe('token-early')
    expect(await faultOf({ iat: nowSeconds - 1 })).toBe('token-claims')
    expect(await faultOf({ exp: nowSeconds + 61 })).toBe('token-claims')
  })

  it('reads claims where the issuer keeps them: by name, or by a path through objects', async () => {
    const claims = {
      subject: 'oid',
      username: 'https://example.org/name',
      groups: 'realm_access.roles',
      scopes: 'scp',
    }
    const { verify } = await createVerifierFixture([trustedIssuer({ claims })], tables)
    const verified = await verify(
      makeToken(keyOfOne, one, {
        oid: 'user-7',
        'https://example.org/name': 'Ålice',
        realm_access: { roles: ['admin', 'Domain Users'] },
        scp: ['a', 'b'],
      }),
    )
    expect(verified.ok && verified.value).toMatchObject({
      subject: 'user-7',
      username: 'Ålice',
      groups: ['admin', 'Domain Users'],
      scopes: ['a', 'b'],
    })
  })

  it.each([
    7,
    '',
    'a\u202eb',
    'a\0b',
    'a\nb',
    'a'.repeat(257),
    '\ud800',
  ])('J38 HDR-6 takes the subject in place of the username %j', async (name) => {
    const { verify } = await createVerifierFixture(issuers, tables)
    const verified = await verify(makeToken(keyOfOne, one, { preferred_username: name }))
    expect(verified.ok && verified.value.username).toBe('alice')
  })

  it('PRO-1 keeps no claim that would change an object, and none of another form', async () => {
    const { verify } = await createVerifierFixture(issuers, tables)
    const good = JSON.stringify(claimsOf(one, { plan: 'pro', seats: 3, tags: ['a'] }))
    const bad =
      '"__proto__":{"admin":true},"constructor":"x","nested":{"a":1},"mixed":["a",1],"none":null,"a b":1,"big":1e400,"long":"'
    const text = `${good.slice(0, -1)},${bad}${'a'.repeat(2000)}"}`
    const header = { alg: 'ES256', typ: 'at+jwt', kid: 'k1' }
    const verified = await verify(signParts(header, text, keyOfOne))
    if (!verified.ok) throw new Error(verified.error)
    expect(verified.value.claims).toMatchObject({ plan: 'pro', seats: 3, tags: ['a'] })
    expect(Object.keys(verified.value.claims).toSorted()).toEqual(
      ['iss', 'aud', 'sub', 'jti', 'iat', 'exp', 'plan', 'seats', 'tags'].toSorted(),
    )
    expect(Object.hasOwn(verified.value.claims, '__proto__')).toBe(false)
    expect('admin' in verified.value.claims).toBe(false)
    expect(Object.getPrototypeOf(verified.value.claims)).toBe(Object.prototype)
  })
})

describe('the session of another issuer’s token', () => {
  const sessionOf = async (changes: object) => {
    const { verify } = await createVerifierFixture(issuers, tables)
    const verified = await verify(makeToken(keyOfOne, one, changes))
    return verified.ok ? verified.value.sessionId : verified.error
  }
  const digest = (text: string) => `x${createHash('sha256').update(text).digest('base64url')}`

  it('SES-1 is of its sid, else of its jti, else of its payload', async () => {
    expect(await sessionOf({ sid: 's', jti: 'j' })).toBe(digest(`${one}\0sid\0s`))
    expect(await sessionOf({ jti: 'j' })).toBe(digest(`${one}\0jti\0j`))
    expect(await sessionOf({ sid: '', jti: 'j' })).toBe(digest(`${one}\0jti\0j`))
    const payload = JSON.stringify(claimsOf(one, { jti: undefined }))
    expect(await sessionOf({ jti: undefined })).toBe(digest(`${one}\0payload\0${payload}`))
  })

  it('is of no sid or jti that is no text', async () => {
    expect(await sessionOf({ sid: 7 })).toBe('token-claims')
    expect(await sessionOf({ jti: { a: 1 } })).toBe('token-claims')
  })

  it('J45 is the same for two signatures over one payload', async () => {
    const claims = claimsOf(one, { jti: undefined })
    const header = { alg: 'ES256', typ: 'at+jwt', kid: 'k1' }
    const { verify } = await createVerifierFixture(issuers, tables)
    const [a, b] = [signParts(header, claims, keyOfOne), signParts(header, claims, keyOfOne)]
    expect(a).not.toBe(b)
    expect(await verify(a)).toEqual(await verify(b))
  })
})

describe('a list of issuers that changes', () => {
  it('RX.13 takes in who is new and refuses who is gone, remembered tokens included', async () => {
    const { verify, listed } = await createVerifierFixture([], tables)
    const token = makeToken(keyOfOne, one)
    expect(await verify(token)).toEqual({ ok: false, error: 'token-issuer' })
    listed.issuers = issuers
    expect((await verify(token)).ok).toBe(true)
    listed.issuers = []
    expect(await verify(token)).toEqual({ ok: false, error: 'token-issuer' })
  })

  it('RX.13 keeps the keys of who stays, and judges remembered tokens by his new rules', async () => {
    const { verify, listed, requests } = await createVerifierFixture([trustedIssuer()], tables)
    const token = makeToken(keyOfOne, one)
    expect((await verify(token)).ok).toBe(true)
    listed.issuers = [trustedIssuer(), trustedIssuer({ issuer: two, algorithms: ['EdDSA'] })]
    expect((await verify(token)).ok).toBe(true)
    listed.issuers = [trustedIssuer({ audience: 'orders' })]
    expect(await verify(token)).toEqual({ ok: false, error: 'token-audience' })
    expect(requests.filter((url) => url.startsWith(one))).toHaveLength(1)
  })

  it('RX.13 asks anew when the address or the algorithms change', async () => {
    const { verify, listed, requests } = await createVerifierFixture([trustedIssuer()], tables)
    expect((await verify(makeToken(keyOfOne, one))).ok).toBe(true)
    listed.issuers = [trustedIssuer({ algorithms: ['ES384'] })]
    expect(await verify(makeToken(keyOfOne, one))).toEqual({ ok: false, error: 'token-key' })
    expect(requests).toHaveLength(2)
  })

  it('AUT-6 never lets anybody take the name of the built-in issuer', async () => {
    const fixture = await createVerifierFixture()
    const impostor = trustedIssuer({ issuer: 'https://app.example.com/auth' })
    fixture.listed.issuers = [impostor]
    expect((await fixture.verify(fixture.token())).ok).toBe(true)
    expect(fixture.requests).toEqual([])
  })

  it('is an outage, not a refusal, while there are no keys; the built-in issuer goes on', async () => {
    const fixture = await createVerifierFixture([trustedIssuer()])
    const token = makeToken(keyOfOne, one)
    await expect(fixture.verifyToken(token, bearer)).rejects.toBeInstanceOf(KeySetUnavailable)
    expect((await fixture.verify(fixture.token())).ok).toBe(true)
    expect(fixture.keySets()).toMatchObject([
      { issuer: one, isUsable: false, lastOutcome: 'unreachable' },
    ])
  })
})
