import { createHmac, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { issuer, privateKey } from '../testing/domain-fixture.ts'
import { createKeyRing } from './key-ring.ts'
import { createTokenVerifier, type VerifyToken } from './verify-token.ts'

const nowSeconds = 1_800_000_000
const key = privateKey('k1')
let verify: VerifyToken

const claims = {
  iss: issuer,
  aud: 'sallyport',
  sub: 'alice',
  sid: 'session-1',
  gen: 'epoch.0.0',
  preferred_username: 'Alice',
  jti: randomUUID(),
  iat: nowSeconds,
  exp: nowSeconds + 300,
}
const header = { alg: 'ES256', typ: 'at+jwt', kid: 'k1' }

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A token signed by hand, so that anything can stand in it. */
function makeToken(changes: object = {}, headerChanges: object = {}, jwk: object = key): string {
  const input = `${part({ ...header, ...headerChanges })}.${part({ ...claims, ...changes })}`
  const signature = sign('sha256', Buffer.from(input), {
    key: jwk as never,
    format: 'jwk',
    dsaEncoding: 'ieee-p1363',
  })
  return `${input}.${signature.toString('base64url')}`
}

beforeAll(async () => {
  const keyRing = await createKeyRing({ keys: [key] })
  verify = createTokenVerifier({
    issuer,
    audience: 'sallyport',
    keyRing,
    maxLifeMs: 660_000,
    now: () => nowSeconds * 1000,
  })
})

describe('verify token', () => {
  it('R0.9 accepts a token of the issuer and reads the authority off it', async () => {
    expect(await verify(makeToken())).toEqual({
      ok: true,
      value: {
        issuer,
        subject: 'alice',
        username: 'Alice',
        sessionId: 'session-1',
        generation: { epoch: 'epoch', subject: 0, session: 0 },
        expiresAtMs: (nowSeconds + 300) * 1000,
        groups: [],
        scopes: [],
        claims: {},
      },
    })
  })

  it.each([
    ['J30 expired', { exp: nowSeconds - 6 }],
    ['J31 an expiry beyond the longest life', { exp: nowSeconds + 1000 }],
    ['J31 an infinite expiry', { exp: 1e308 }],
    ['J32 no expiry', { exp: undefined }],
    ['J28 an expiry that is text', { exp: `${nowSeconds + 300}` }],
    ['J33 not valid yet', { nbf: nowSeconds + 60 }],
    ['J35 another audience', { aud: 'sallyport.evil' }],
    ['J35 no audience', { aud: undefined }],
    ['J36 another issuer', { iss: `${issuer}/` }],
    ['J38 a numeric subject', { sub: 7 }],
    ['J38 an empty subject', { sub: '' }],
    ['J38 a line break in the subject', { sub: 'a\r\nb' }],
    ['J38 a subject of 10 kB', { sub: 'a'.repeat(10_000) }],
    ['SES-1 no session', { sid: undefined }],
    ['SES-1 no generation', { gen: undefined }],
    ['SES-1 an ill-formed generation', { gen: 'epoch.-1.x' }],
  ])('%s is refused', async (_name, changes) => {
    expect((await verify(makeToken(changes))).ok).toBe(false)
  })

  it.each([
    ['J37 an identity token', { typ: 'JWT' }],
    ['J37 no type', { typ: undefined }],
    ['J10 an unknown key', { kid: 'k2' }],
    ['J02 a lower-case algorithm', { alg: 'es256' }],
    ['J16 a critical extension', { crit: ['foo'], foo: 1 }],
  ])('%s is refused', async (_name, changes) => {
    expect((await verify(makeToken({}, changes))).ok).toBe(false)
  })

  it('J01 J03 refuses a token without a signature', async () => {
    const [head, body] = makeToken().split('.')
    for (const alg of ['none', 'None', 'NONE']) {
      expect((await verify(`${part({ ...header, alg })}.${body}.`)).ok).toBe(false)
    }
    expect((await verify(`${head}.${body}.`)).ok).toBe(false)
  })

  it('J04 refuses another key, a changed payload and the signature of another token', async () => {
    const [head, , signature] = makeToken().split('.')
    const { privateKey: stranger } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const strangers = makeToken({}, {}, stranger.export({ format: 'jwk' }))
    expect((await verify(strangers)).ok).toBe(false)
    expect((await verify(`${head}.${part({ ...claims, sub: 'bob' })}.${signature}`)).ok).toBe(false)
  })

  it('J05 refuses HMAC under the public key', async () => {
    const input = `${part({ ...header, alg: 'HS256' })}.${part(claims)}`
    for (const secret of [JSON.stringify(key), key.x ?? '', '']) {
      const signature = createHmac('sha256', secret).update(input).digest('base64url')
      expect((await verify(`${input}.${signature}`)).ok).toBe(false)
    }
  })

  it('J41 J42 J44 refuses every other spelling of a good token before looking at it', async () => {
    const good = makeToken()
    const last = good.at(-1) ?? ''
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const twin = `${good.slice(0, -1)}${alphabet[alphabet.indexOf(last) ^ 1]}`
    const [head, body, signature] = good.split('.')
    const spellings = [`${good}\n`, ` ${good}`, `${good}=`, twin, `${head}. ${body}.${signature}`]
    for (const spelling of spellings) {
      expect(await verify(spelling)).toEqual({ ok: false, error: 'token-form' })
    }
  })

  it('J24 J25 refuses other shapes and oversize at once', async () => {
    const shapes = [
      '',
      'a',
      'a.b',
      'a.b.c.d',
      'a..c',
      '.'.repeat(1_000_000),
      `a.${'a'.repeat(8192)}.c`,
    ]
    for (const shape of shapes) {
      expect(await verify(shape)).toEqual({ ok: false, error: 'token-form' })
    }
  })
})

describe('key ring', () => {
  it('J12 does not start with a kid that stands twice, or with a key of another kind', async () => {
    await expect(createKeyRing({ keys: [privateKey('a'), privateKey('a')] })).rejects.toThrow()
    await expect(createKeyRing({ keys: [{ kty: 'oct', kid: 'a', k: 'AA' }] })).rejects.toThrow()
    await expect(createKeyRing({ keys: [] })).rejects.toThrow()
  })

  it('RX.5 publishes no private part', async () => {
    const { publicKeys } = await createKeyRing({ keys: [privateKey('a'), privateKey('b')] })
    expect(publicKeys.keys.map(({ kid }) => kid)).toEqual(['a', 'b'])
    for (const published of publicKeys.keys) expect(published).not.toHaveProperty('d')
  })
})
