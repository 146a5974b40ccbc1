// The built-in issuer's keys: the first signs, all verify, so that a rotation can overlap. Read once at start.

import { createLocalJWKSet, importJWK, type JWK, type JWTVerifyGetKey } from 'jose'
import { z } from 'zod'

type SigningKey = Awaited<ReturnType<typeof importJWK>>

export type KeyRing = {
  readonly signingKey: { readonly keyId: string; readonly key: SigningKey }
  /** Finds the verification key for a token's `kid` and `alg`. */
  readonly verificationKey: JWTVerifyGetKey
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
  return {
    signingKey: { keyId: first.kid, key: await importJWK(first, 'ES256') },
    verificationKey: createLocalJWKSet({ keys: publicKeys.keys }),
    publicKeys,
  }
}
