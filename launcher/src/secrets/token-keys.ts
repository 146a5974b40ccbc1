// The built-in issuer's signing key: one private ES256 JWK, made at first run and kept.

import { createHash, generateKeyPairSync } from 'node:crypto'
import { existsSync } from 'node:fs'
import { writePrivateJson } from '../state-folder.ts'

/** Makes the key file unless it is there; returns whether it made one. */
export function ensureTokenKeys(path: string): boolean {
  if (existsSync(path)) return false
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { kty, crv, x, y, d } = privateKey.export({ format: 'jwk' })
  // RFC 7638 3: the thumbprint covers exactly these members, in this order.
  const thumbprint = createHash('sha256').update(JSON.stringify({ crv, kty, x, y }))
  const kid = thumbprint.digest('base64url')
  writePrivateJson(path, { keys: [{ kty, crv, x, y, d, kid, alg: 'ES256', use: 'sig' }] })
  return true
}
