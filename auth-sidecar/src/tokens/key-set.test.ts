import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { parseKeySet } from './key-set.ts'
import { makeKey } from './testing/make-token.ts'
import { hasRocaFingerprint } from './weak-rsa.ts'

const es256 = makeKey('e1').publicJwk
const es384 = makeKey('e2', 'ES384').publicJwk
const ed25519 = makeKey('o1', 'EdDSA').publicJwk
const rsa = makeKey('r1', 'RS256').publicJwk
const all = ['ES256', 'ES384', 'EdDSA', 'RS256', 'PS256'] as const

/** Which keys of a set are used for what, and why others are not. */
async function parse(keys: readonly object[], algorithms: Parameters<typeof parseKeySet>[1] = all) {
  const parsed = await parseKeySet({ keys }, algorithms)
  if (!parsed.ok) return parsed.error
  return {
    used: Object.fromEntries([...parsed.value.keys].map(([id, key]) => [id, key.algorithm])),
    rejected: Object.fromEntries(parsed.value.rejected.map(({ keyId, fault }) => [keyId, fault])),
  }
}

const without = (key: object, ...names: string[]) =>
  Object.fromEntries(Object.entries(key).filter(([name]) => !names.includes(name)))

/** A modulus as the library of CVE-2017-15361 makes them, modulo the primes that matter: 65537^a + k·M. */
function rocaModulus(): bigint {
  const primes = Array.from({ length: 166 }, (_, index) => index + 2).filter((candidate) =>
    Array.from({ length: candidate - 2 }, (_, index) => index + 2).every(
      (d) => candidate % d !== 0,
    ),
  )
  const m = primes.reduce((product, prime) => product * BigInt(prime), 1n)
  const factor = (1n << 2047n) / m + 1n
  return (65_537n ** 5n % m) + factor * m
}

describe('a key set', () => {
  it('AUT-4 gives every key one algorithm: its own, else the first configured one that fits', async () => {
    const unnamed = { ...without(rsa, 'alg'), kid: 'r2' }
    expect(await parse([es256, es384, ed25519, rsa, unnamed])).toEqual({
      used: { e1: 'ES256', e2: 'ES384', o1: 'EdDSA', r1: 'RS256', r2: 'RS256' },
      rejected: {},
    })
    expect(await parse([unnamed], ['ES256', 'PS256', 'RS256'])).toMatchObject({
      used: { r2: 'PS256' },
    })
    expect(await parse([rsa], ['PS256'])).toEqual({ used: {}, rejected: { r1: 'algorithm' } })
  })

  it.each([
    [
      'J12 a symmetric key beside good ones',
      [es256, { kty: 'oct', kid: 's', k: 'AAAA' }],
      'private-key',
    ],
    ['J12 a private key', [es256, { ...ed25519, d: 'AAAA' }], 'private-key'],
    ['J12 part of a private RSA key', [{ ...rsa, qi: 'AAAA' }], 'private-key'],
    [
      'J15 65 keys',
      Array.from({ length: 65 }, (_, index) => ({ ...es256, kid: `k${index}` })),
      'too-many-keys',
    ],
    ['a key that is no object', [es256, 'key'], 'set-form'],
  ])('%s voids the whole set', async (_name, keys, fault) => {
    expect(await parse(keys as object[])).toBe(fault)
  })

  it.each([
    [undefined],
    [null],
    [[]],
    [{}],
    [{ keys: {} }],
    [{ keys: 'a' }],
  ])('J15 %j is no set', async (value) => {
    expect(await parseKeySet(value, all)).toEqual({ ok: false, error: 'set-form' })
  })

  it('J12 uses none of two keys with one kid, and keeps the others', async () => {
    const twin = { ...makeKey('e1').publicJwk }
    expect(await parse([es256, twin, ed25519])).toEqual({
      used: { o1: 'EdDSA' },
      rejected: { e1: 'duplicate-key-id' },
    })
  })

  it.each([
    ['J11 no kid', without(es256, 'kid'), 'key-id'],
    ['J10 a kid that is a number', { ...es256, kid: 1 }, 'key-id'],
    ['J10 a kid with a blank', { ...es256, kid: 'a b' }, 'key-id'],
    ['J13 a key for encryption', { ...es256, use: 'enc' }, 'not-for-signatures'],
    ['J13 operations without verify', { ...es256, key_ops: ['encrypt'] }, 'not-for-signatures'],
    ['J13 operations that are no list', { ...es256, key_ops: 'verify' }, 'not-for-signatures'],
    ['J13 another algorithm than its curve’s', { ...es256, alg: 'ES384' }, 'algorithm'],
    ['J13 an algorithm of another kind', { ...es256, alg: 'RS256' }, 'algorithm'],
    ['J13 a symmetric algorithm', { ...rsa, alg: 'HS256' }, 'algorithm'],
    ['J13 another kind', { ...es256, kty: 'RSA' }, 'algorithm'],
    ['J13 another curve', { ...es256, crv: 'P-521' }, 'algorithm'],
    ['J13 a curve for key agreement', { ...ed25519, crv: 'X25519' }, 'algorithm'],
    ['J13 a point off its curve', { ...es256, y: es256.x }, 'key-form'],
    ['J13 a short coordinate', { ...es256, x: 'AAAA' }, 'key-form'],
    ['J13 no y', without(es256, 'y'), 'key-form'],
    ['J13 a padded coordinate', { ...es256, x: `${es256.x}=` }, 'key-form'],
    ['J13 a short Ed25519 key', { ...ed25519, x: 'AAAA' }, 'key-form'],
    ['J13 no modulus', without(rsa, 'n'), 'key-form'],
    ['J13 e = 1', { ...rsa, e: 'AQ' }, 'rsa-exponent'],
    ['J13 e = 3', { ...rsa, e: 'Aw' }, 'rsa-exponent'],
    ['J13 an even e', { ...rsa, e: 'AQAC' }, 'rsa-exponent'],
    ['J13 an e of 40 bits', { ...rsa, e: 'AQAAAAE' }, 'rsa-exponent'],
    [
      'J13 an even modulus',
      { ...rsa, n: `${rsa.n?.slice(0, -2)}AA`.replace(/..$/, 'AA') },
      'rsa-modulus',
    ],
    ['J13 RSA 16384', { ...rsa, n: randomBytes(2048).toString('base64url') }, 'rsa-size'],
  ])('%s is not used', async (_name, key, fault) => {
    const parsed = await parse([key])
    expect(Object.values((parsed as { rejected: object }).rejected)).toEqual([fault])
    expect(parsed).toMatchObject({ used: {} })
  })

  // What JSON can say and `String` cannot: turning it into text throws.
  const textless = { toString: null, valueOf: null }
  it.each([
    ['EC', { ...es256, crv: textless }],
    ['EC', { ...es256, kty: textless }],
    ['EC', { ...es256, x: textless }],
    ['EC', { ...es256, y: textless }],
    ['EC', { ...es256, alg: textless }],
    ['OKP', { ...ed25519, crv: textless }],
    ['OKP', { ...ed25519, x: textless }],
    ['RSA', { ...rsa, n: textless }],
    ['RSA', { ...rsa, e: textless }],
    ['RSA', { ...rsa, kid: textless }],
  ])('J13 does not choke on an %s key with a member that is no text: %j', async (_kty, key) => {
    const parsed = await parse([key, { ...es384, kid: 'good' }])
    expect(parsed).toMatchObject({ used: { good: 'ES384' } })
    expect(Object.keys((parsed as { used: object }).used)).toEqual(['good'])
  })

  it('J13 uses no RSA key below 2048 bits', async () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const short = { ...publicKey.export({ format: 'jwk' }), kid: 'r', alg: 'RS256' }
    expect(await parse([short])).toMatchObject({ rejected: { r: 'rsa-size' } })
  })

  it('J13 uses no RSA key with the fingerprint of CVE-2017-15361', async () => {
    const modulus = rocaModulus()
    expect(hasRocaFingerprint(modulus)).toBe(true)
    expect(hasRocaFingerprint(modulus + 2n)).toBe(false)
    const n = Buffer.from(modulus.toString(16).padStart(512, '0'), 'hex').toString('base64url')
    expect(await parse([{ ...rsa, n }])).toMatchObject({ rejected: { r1: 'rsa-modulus' } })
  })

  it('AUT-5 ignores what a key says of other places', async () => {
    const linked = { ...es256, x5u: 'http://127.0.0.1/', x5c: ['AAAA'], ext: 'yes' }
    expect(await parse([linked])).toEqual({ used: { e1: 'ES256' }, rejected: {} })
  })

  it('has one fingerprint for the same keys in any order, and another for any other keys', async () => {
    const printOf = async (keys: readonly object[]) => {
      const parsed = await parseKeySet({ keys }, all)
      return parsed.ok ? parsed.value.fingerprint : parsed.error
    }
    const print = await printOf([es256, rsa])
    expect(await printOf([{ ...rsa, use: 'sig' }, es256])).toBe(print)
    expect(await printOf([es256])).not.toBe(print)
    expect(await printOf([{ ...es256, kid: 'e9' }, rsa])).not.toBe(print)
    expect(await printOf([{ ...makeKey('e1').publicJwk }, rsa])).not.toBe(print)
  })
})
