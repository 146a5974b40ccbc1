// Tokens signed by hand, so that anything can stand in them: what a library would refuse to write is what is tested.

import { generateKeyPairSync, type JsonWebKey, randomUUID, sign } from 'node:crypto'

export type TestAlgorithm = 'ES256' | 'ES384' | 'EdDSA' | 'RS256' | 'PS256'

export type TestKey = {
  readonly kid: string
  readonly alg: TestAlgorithm
  readonly privateJwk: JsonWebKey
  readonly publicJwk: JsonWebKey & { readonly kid: string; readonly alg: string }
}

/** A fresh key pair; RSA ones take a moment. */
export function makeKey(kid: string, alg: TestAlgorithm = 'ES256'): TestKey {
  const { privateKey, publicKey } = generatePair(alg)
  return {
    kid,
    alg,
    privateJwk: privateKey.export({ format: 'jwk' }),
    publicJwk: { ...publicKey.export({ format: 'jwk' }), kid, alg },
  }
}

function generatePair(alg: TestAlgorithm) {
  if (alg === 'EdDSA') return generateKeyPairSync('ed25519')
  if (alg === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' })
  if (alg === 'ES384') return generateKeyPairSync('ec', { namedCurve: 'P-384' })
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
}

/** A part of a token: of JSON text as it is, or of a value. */
export const part = (value: string | Uint8Array | object): string =>
  Buffer.from(
    typeof value === 'string' || value instanceof Uint8Array ? value : JSON.stringify(value),
  ).toString('base64url')

/** Signs two parts, whatever stands in them. */
export function signParts(
  header: string | object,
  payload: string | Uint8Array | object,
  key: TestKey,
): string {
  const input = `${part(header)}.${part(payload)}`
  return `${input}.${signText(input, key).toString('base64url')}`
}

function signText(text: string, { alg, privateJwk }: TestKey): Buffer {
  const key = { key: privateJwk as never, format: 'jwk' as const }
  const bytes = Buffer.from(text)
  if (alg === 'EdDSA') return sign(null, bytes, key)
  if (alg === 'RS256') return sign('sha256', bytes, key)
  if (alg === 'PS256') return sign('sha256', bytes, { ...key, padding: 6, saltLength: 32 })
  const digest = alg === 'ES384' ? 'sha384' : 'sha256'
  return sign(digest, bytes, { ...key, dsaEncoding: 'ieee-p1363' })
}

export const nowSeconds = 1_800_000_000

/** Good claims of a token that any issuer might make; `undefined` in `changes` leaves one out. */
export const claimsOf = (issuer: string, changes: object = {}) => ({
  iss: issuer,
  aud: 'sallyport',
  sub: 'alice',
  jti: randomUUID(),
  iat: nowSeconds,
  exp: nowSeconds + 300,
  ...changes,
})

/** A token of a key, with any header and claims changed. */
export function makeToken(
  key: TestKey,
  issuer: string,
  changes: object = {},
  headerChanges: object = {},
): string {
  const header = { alg: key.alg, typ: 'at+jwt', kid: key.kid, ...headerChanges }
  return signParts(header, claimsOf(issuer, changes), key)
}
