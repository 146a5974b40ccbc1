// The ring of assertion keys as it lies on disk. The secrets in it are already derived for this backend alone.

import { readFileSync } from 'node:fs'
import type { AssertionKey } from '@sallyport/contracts/identity-assertion'
import { z } from 'zod'

const keyBytes = 32

const fileSchema = z.object({
  keys: z
    .array(z.object({ keyId: z.string().min(1).max(64), secret: z.base64url() }))
    .min(1)
    .max(8),
})

/** Reads the ring; throws when the file is not of that form, without a word of its content. */
export function loadAssertionKeys(path: string): readonly AssertionKey[] {
  const keys = parseAssertionKeys(readFileSync(path, 'utf8'))
  if (!keys) throw new Error('the file of assertion keys is not a ring of 32-byte keys')
  return keys
}

/** The keys of a ring; undefined when the text is not of that form. */
export function parseAssertionKeys(text: string): readonly AssertionKey[] | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const parsed = fileSchema.safeParse(value)
  if (!parsed.success) return undefined
  const keys = parsed.data.keys.map(({ keyId, secret }) => ({
    keyId,
    secret: new Uint8Array(Buffer.from(secret, 'base64url')),
  }))
  return keys.every(({ secret }) => secret.length === keyBytes) ? keys : undefined
}
