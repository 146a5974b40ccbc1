// Argon2id hashes in PHC string form, as users files carry them. Parsing only; hashing happens in the worker.

import { maxGrantLength, maxGrants, maxNameLength } from '@sallyport/contracts/identity-schema'
import { z } from 'zod'

/** Parameters of one Argon2id hash. */
export type PasswordHash = {
  readonly memoryKib: number
  readonly passes: number
  readonly parallelism: number
  readonly salt: Uint8Array
  readonly hash: Uint8Array
}

const phcForm =
  /^\$argon2id\$v=19\$m=(\d{4,7}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,64})\$([A-Za-z0-9+/]{22,128})$/

/** Parses a PHC string; undefined when it is not Argon2id version 19 in that form. */
export function parsePasswordHash(text: string): PasswordHash | undefined {
  const match = phcForm.exec(text)
  if (!match) return undefined
  const [memoryKib = 0, passes = 0, parallelism = 0] = match.slice(1, 4).map(Number)
  // RFC 9106 3.1: at least one pass and one lane, eight KiB a lane.
  if (passes < 1 || parallelism < 1 || memoryKib < 8 * parallelism) return undefined
  const [salt, hash] = match.slice(4).map((text) => Buffer.from(text, 'base64'))
  return salt && hash ? { memoryKib, passes, parallelism, salt, hash } : undefined
}

/** A users file's entry. Strict: a misspelt `disabled` must not leave somebody in. */
const userSchema = z.strictObject({
  id: z.string().regex(/^[\x21-\x7e]{1,256}$/),
  username: z.string().min(1).max(maxNameLength),
  groups: z.array(z.string().min(1).max(maxGrantLength)).max(maxGrants).default([]),
  passwordHash: z.string().refine((text) => parsePasswordHash(text) !== undefined, {
    error: 'must be an Argon2id hash in PHC form',
  }),
  /** May not sign in, and whatever they had open ends. */
  disabled: z.boolean().exactOptional(),
})

export type User = z.infer<typeof userSchema>

/** The whole users file: ids and names stand once. */
export const usersFileSchema = z
  .array(userSchema)
  .refine(
    (users) => new Set(users.map((user) => user.id)).size === users.length,
    'an id stands twice',
  )
  .refine(
    (users) => new Set(users.map((user) => user.username)).size === users.length,
    'a username stands twice',
  )
