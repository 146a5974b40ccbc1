import { createHash } from 'node:crypto'
import { maxTokenIdLength } from '@sallyport/contracts/identity-schema'
import { describe, expect, it } from 'vitest'
import { claimsOf, makeKey, makeToken, nowSeconds, signParts } from './testing/make-token.ts'
import { createVerifierFixture, trustedIssuer } from './testing/verifier-fixture.ts'

const issuer = 'https://login.example.org'
const key = makeKey('key-of-june')
const keySets = { [`${issuer}/keys`]: [key.publicJwk] }
const toleranceMs = trustedIssuer().clockToleranceSeconds * 1000
const header = { alg: 'ES256', typ: 'at+jwt', kid: key.kid }

/** What is known of a token of another issuer, or why it is refused. */
async function factsOf(claims: object | string) {
  const { verify } = await createVerifierFixture([trustedIssuer()], keySets)
  const payload = typeof claims === 'string' ? claims : claimsOf(issuer, claims)
  const verified = await verify(signParts(header, payload, key))
  return verified.ok ? verified.value.token : verified.error
}

/** Claims as text, so that numbers can stand in it that no object holds. */
const textWith = (claims: string) => `${JSON.stringify(claimsOf(issuer)).slice(0, -1)},${claims}}`

describe('what a revocation can name a token by', () => {
  it('SES-8 is its id, its key and when it was issued', async () => {
    expect(await factsOf({ jti: 'j1', iat: nowSeconds - 10 })).toEqual({
      id: 'j1',
      keyId: 'key-of-june',
      issuedAtMs: (nowSeconds - 10) * 1000 - toleranceMs,
    })
  })

  it.each([
    undefined,
    '',
  ])('SES-8 J45 is the digest of what stands in it when its id is %j', async (jti) => {
    const claims = claimsOf(issuer, { jti })
    const digest = createHash('sha256').update(JSON.stringify(claims)).digest('base64url')
    expect(await factsOf(JSON.stringify(claims))).toMatchObject({ id: digest })
  })

  it('SES-8 is no id that is longer than an identity may carry', async () => {
    expect(await factsOf({ jti: 'j'.repeat(maxTokenIdLength) })).toMatchObject({ keyId: key.kid })
    expect(await factsOf({ jti: 'j'.repeat(maxTokenIdLength + 1) })).toBe('token-claims')
  })

  it('SES-8 of our own tokens is exactly when they were issued', async () => {
    const { verify, token } = await createVerifierFixture()
    const verified = await verify(token({ jti: 'j1', iat: nowSeconds - 7.25 }))
    expect(verified.ok && verified.value.token).toEqual({
      id: 'j1',
      keyId: 'k1',
      issuedAtMs: (nowSeconds - 7.25) * 1000,
    })
  })

  it.each<[string, string, number]>([
    ['earlier', `"auth_time":${nowSeconds - 86_400}`, nowSeconds - 86_400],
    ['the same second', `"auth_time":${nowSeconds}`, nowSeconds],
    ['with a fraction', `"auth_time":${nowSeconds - 10.5}`, nowSeconds - 10.5],
    ['later than the token', `"auth_time":${nowSeconds + 1}`, nowSeconds],
    ['W90 far in the future', '"auth_time":99999999999999', nowSeconds],
    ['W90 2^31 ms ahead', `"auth_time":${nowSeconds + 2 ** 31}`, nowSeconds],
    ['W90 infinite', '"auth_time":1e400', nowSeconds],
    ['a text', `"auth_time":"${nowSeconds - 100}"`, nowSeconds],
    ['null', '"auth_time":null', nowSeconds],
  ])('SES-8 is when its holder proved who they are, where that is %s', async (_name, claim, seconds) => {
    expect(await factsOf(textWith(claim))).toMatchObject({
      issuedAtMs: seconds * 1000 - toleranceMs,
    })
  })

  it('W90 is never before the beginning of time', async () => {
    for (const time of ['-1', '-1e400', '0', '1e-400']) {
      expect(await factsOf(textWith(`"auth_time":${time}`))).toMatchObject(
        // No number at all: then the token's own time counts.
        time === '-1e400' ? { issuedAtMs: nowSeconds * 1000 - toleranceMs } : { issuedAtMs: 0 },
      )
    }
  })

  it('J45 is the same for two signatures over one payload', async () => {
    const { verify } = await createVerifierFixture([trustedIssuer()], keySets)
    const claims = { jti: 'j1' }
    const [a, b] = [makeToken(key, issuer, claims), makeToken(key, issuer, claims)]
    expect(a).not.toBe(b)
    expect(await verify(a)).toEqual(await verify(b))
  })
})
