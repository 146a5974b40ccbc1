// Who may operate the gate: named, scoped tokens, of which only the hashes are known here. Reads no file and opens no
// request; what a token is good for is said by whoever asks for a scope.

import { hash, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'

/** What a token may be good for. `connections:read` includes the list of a subject's sessions. */
export const adminScopes = ['connections:read', 'connections:end', 'revoke'] as const

export type AdminScope = (typeof adminScopes)[number]

export type AdminToken = {
  /** Who acts with it, in the audit log. */
  readonly name: string
  /** SHA-256 of the whole secret, base64url. */
  readonly hash: string
  readonly scopes: readonly AdminScope[]
}

const hashBytes = 32

/** One spelling a hash: another could not be found by comparing. */
function isHash(text: string): boolean {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.length === hashBytes && bytes.toString('base64url') === text
}

const fileSchema = z.strictObject({
  tokens: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[A-Za-z0-9_.@-]{1,64}$/),
        hash: z.string().refine(isHash),
        scopes: z.array(z.enum(adminScopes)).min(1),
      }),
    )
    .max(100)
    .refine((tokens) => new Set(tokens.map(({ name }) => name)).size === tokens.length),
})

/** Reads the file of admin tokens; throws when it is not of its form. What it throws may quote the file. */
export function parseAdminTokens(text: string): readonly AdminToken[] {
  return fileSchema.parse(JSON.parse(text)).tokens
}

/** `spa_` and 256 random bits; longer ones are nobody's, and are not even hashed. */
const secretForm = /^spa_[A-Za-z0-9_-]{43,124}$/

/** What the file holds of a secret. SHA-256 suffices: the secret has full entropy. */
export function hashAdminSecret(secret: string): string {
  return hash('sha256', secret, 'base64url')
}

/** Whose secret it is; takes equally long whichever it is, and whether it is anybody's. */
export function findAdminToken(
  secret: string,
  tokens: readonly AdminToken[],
): AdminToken | undefined {
  if (!secretForm.test(secret)) return undefined
  const presented = Buffer.from(hashAdminSecret(secret), 'base64url')
  let found: AdminToken | undefined
  for (const token of tokens) {
    if (timingSafeEqual(presented, Buffer.from(token.hash, 'base64url'))) found = token
  }
  return found
}
