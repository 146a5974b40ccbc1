// The keys of one issuer, checked one by one before any token meets them. A key verifies one algorithm only, so no
// token can choose how its signature is looked at. It does not know where a set comes from.

import type { TokenAlgorithm } from '@sallyport/contracts/policy'
import { err, ok, type Result } from '@sallyport/contracts/result'
import { type CryptoKey, importJWK, type JWK } from 'jose'
import { findRsaWeakness, type RsaWeakness } from './weak-rsa.ts'

export type VerificationKey = {
  readonly keyId: string
  readonly algorithm: TokenAlgorithm
  readonly key: CryptoKey
}

export type RejectedKey = { readonly keyId: string; readonly fault: KeyFault }

/** Immutable: another content is another object, and what was verified under the old one is verified again. */
export type KeySet = {
  readonly keys: ReadonlyMap<string, VerificationKey>
  readonly rejected: readonly RejectedKey[]
  /** Equal for two sets exactly when the same keys are usable. */
  readonly fingerprint: string
}

/** Why a key of a set is not used. */
export type KeyFault =
  | RsaWeakness
  | 'key-id'
  | 'duplicate-key-id'
  | 'not-for-signatures'
  | 'algorithm'
  | 'key-form'

/** Why a whole set is not used; `private-key`: it says what its owner must keep to himself, so anybody can sign. */
export type KeySetFault = 'set-form' | 'too-many-keys' | 'private-key'

type Key = Readonly<Record<string, unknown>>

const maxKeys = 64
const keyIdForm = /^[A-Za-z0-9._~:@+=/-]{1,128}$/
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'] as const
const ellipticCurves: Readonly<Record<string, { algorithm: TokenAlgorithm; bytes: number }>> = {
  'P-256': { algorithm: 'ES256', bytes: 32 },
  'P-384': { algorithm: 'ES384', bytes: 48 },
}

/**
 * Checks a JWK set (parsed JSON) and imports what may verify tokens of one of `algorithms`. A key that does not name
 * its algorithm gets the first of them that fits.
 */
export async function parseKeySet(
  value: unknown,
  algorithms: readonly TokenAlgorithm[],
): Promise<Result<KeySet, KeySetFault>> {
  const list = isObject(value) ? value['keys'] : undefined
  if (!Array.isArray(list) || !list.every(isObject)) return err('set-form')
  if (list.some((key) => key['kty'] === 'oct' || privateMembers.some((name) => name in key))) {
    return err('private-key')
  }
  if (list.length > maxKeys) return err('too-many-keys')
  const counts = Map.groupBy(list, (key) => key['kid'])
  const checked = await Promise.all(
    list.map(async (key): Promise<Result<ImportedKey, RejectedKey>> => {
      const keyId = key['kid']
      if (typeof keyId !== 'string' || !keyIdForm.test(keyId)) {
        return err({ keyId: '', fault: 'key-id' })
      }
      if (counts.get(keyId)?.length !== 1) return err({ keyId, fault: 'duplicate-key-id' })
      const imported = await importKey(key, keyId, algorithms)
      return imported.ok ? imported : err({ keyId, fault: imported.error })
    }),
  )
  const usable = checked.flatMap((each) => (each.ok ? [each.value] : []))
  return ok({
    keys: new Map(usable.map(({ verification }) => [verification.keyId, verification])),
    rejected: checked.flatMap((each) => (each.ok ? [] : [each.error])),
    fingerprint: usable
      .map(({ identity }) => identity)
      .toSorted()
      .join('\n'),
  })
}

type ImportedKey = { readonly verification: VerificationKey; readonly identity: string }

async function importKey(
  key: Key,
  keyId: string,
  algorithms: readonly TokenAlgorithm[],
): Promise<Result<ImportedKey, KeyFault>> {
  if (!isForVerifying(key)) return err('not-for-signatures')
  const algorithm = algorithmOf(key, algorithms)
  if (!algorithm) return err('algorithm')
  const material = readMaterial(key)
  if (!material.ok) return material
  // Only the checked members are imported: `ext`, `x5c` and whatever else the set says have no say.
  const jwk: JWK = { ...material.value, alg: algorithm }
  const imported = await importJWK(jwk, algorithm, { extractable: false }).catch(() => undefined)
  if (!imported || imported instanceof Uint8Array || imported.type !== 'public') {
    return err('key-form')
  }
  const identity = JSON.stringify([keyId, algorithm, ...Object.values(material.value)])
  return ok({ verification: { keyId, algorithm, key: imported }, identity })
}

function isForVerifying({ use, key_ops: operations }: Key): boolean {
  if (use !== undefined && use !== 'sig') return false
  return operations === undefined || (Array.isArray(operations) && operations.includes('verify'))
}

/** The one algorithm a key is for: the one it names, if it fits its kind; else the first configured one that fits. */
function algorithmOf(key: Key, algorithms: readonly TokenAlgorithm[]): TokenAlgorithm | undefined {
  const allowed = algorithms.filter((algorithm) => isKindFor(key, algorithm))
  return key['alg'] === undefined
    ? allowed[0]
    : allowed.find((algorithm) => algorithm === key['alg'])
}

function isKindFor({ kty, crv }: Key, algorithm: TokenAlgorithm): boolean {
  if (kty === 'RSA') return algorithm.startsWith('RS') || algorithm.startsWith('PS')
  if (kty === 'OKP') return crv === 'Ed25519' && algorithm === 'EdDSA'
  return kty === 'EC' && typeof crv === 'string' && ellipticCurves[crv]?.algorithm === algorithm
}

/**
 * The public numbers, each in its canonical spelling and of its curve's size. Whether a point is on it, import says.
 * A member may be any JSON: it is looked at as text only once it is one.
 */
function readMaterial({ kty, crv, n, e, x, y }: Key): Result<JWK, KeyFault> {
  if (kty === 'RSA') {
    if (!isCanonical(n) || !isCanonical(e)) return err('key-form')
    const weakness = findRsaWeakness(bytesOf(n), bytesOf(e))
    return weakness ? err(weakness) : ok({ kty, n, e })
  }
  if (typeof crv !== 'string' || !isCanonical(x)) return err('key-form')
  const length = kty === 'OKP' ? 32 : ellipticCurves[crv]?.bytes
  if (bytesOf(x).length !== length) return err('key-form')
  if (kty === 'OKP') return ok({ kty, crv, x })
  if (!isCanonical(y) || bytesOf(y).length !== length) return err('key-form')
  return ok({ kty: 'EC', crv, x, y })
}

function isCanonical(value: unknown): value is string {
  return typeof value === 'string' && bytesOf(value).toString('base64url') === value
}

function bytesOf(base64url: string): Buffer {
  return Buffer.from(base64url, 'base64url')
}

function isObject(value: unknown): value is Key {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
