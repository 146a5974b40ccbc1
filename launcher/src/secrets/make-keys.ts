// New keys as their files hold them. Writes nothing.

import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'

/** One key of the assertion master's ring. */
export type AssertionMasterKey = { readonly keyId: string; readonly secret: string }

/** A private ES256 JWK for the built-in issuer; its id is its thumbprint. */
export function makeTokenKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { kty, crv, x, y, d } = privateKey.export({ format: 'jwk' })
  // RFC 7638 3: the thumbprint covers exactly these members, in this order.
  const thumbprint = createHash('sha256').update(JSON.stringify({ crv, kty, x, y }))
  const kid = thumbprint.digest('base64url')
  return { kty, crv, x, y, d, kid, alg: 'ES256', use: 'sig' } as const
}

/** A master key for identity assertions: 256 bits under a short id. */
export function makeAssertionKey(): AssertionMasterKey {
  return {
    keyId: randomBytes(6).toString('hex'),
    secret: randomBytes(32).toString('base64url'),
  }
}
