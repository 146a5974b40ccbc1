// The built-in issuer's keys: the first signs, all verify, so that a rotation can overlap. Read once at start.

import { importJWK, type JWK } from 'jose'
import { z } from 'zod'
import { type KeySet, parseKeySet } from './key-set.ts'

type SigningKey = Awaited<ReturnType<typeof importJWK>>

export type KeyRing = {
  readonly signingKey: { readonly keyId: string; readonly key: SigningKey }
  /** What tokens of the built-in issuer are verified with. */
  readonly verificationKeys: KeySet
  /** What is served at `/auth/.well-known/jwks.json`. */
  readonly publicKeys: { readonly keys: readonly JWK[] }
}

const ringSchema = z.object({
  keys: z
    .array(
      z.object({
        kty: z.literal('EC'),
        crv: z.literal('P-256'),
        alg: z.literal('ES256'),
        use: z.literal('sig'),
        kid: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
        x: z.string(),
        y: z.string(),
        d: z.string(),
      }),
    )
    .min(1)
    .refine(
      (keys) => new Set(keys.map((key) => key.kid)).size === keys.length,
      'a kid stands twice',
    ),
})

/** Builds the ring from a JWK set of private ES256 keys; throws when the set is not of that form. */
export async function createKeyRing(privateKeys: unknown): Promise<KeyRing> {
  const { keys } = ringSchema.parse(privateKeys)
  const [first] = keys
  if (!first) throw new Error('the key ring is empty')
  const publicKeys = { keys: keys.map(({ d: _private, ...publicPart }) => publicPart) }
  const verificationKeys = await parseKeySet(publicKeys, ['ES256'])
  if (!verificationKeys.ok || verificationKeys.value.rejected.length > 0) {
    throw new Error('the key ring holds a key that is no public point of P-256')
  }
  return {
    signingKey: { keyId: first.kid, key: await importJWK(first, 'ES256') },
    verificationKeys: verificationKeys.value,
    publicKeys,
  }
}
