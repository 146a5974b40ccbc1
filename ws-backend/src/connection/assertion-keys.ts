// The ring of assertion keys as it lies on disk. The secrets in it are already derived for this backend alone.

import { readFileSync } from 'node:fs'
import { type AssertionKey, parseAssertionRing } from '@sallyport/contracts/identity-assertion'

/** Reads the ring; throws when the file is not of that form, without a word of its content. */
export function loadAssertionKeys(path: string): readonly AssertionKey[] {
  try {
    return parseAssertionRing(readFileSync(path, 'utf8'))
  } catch {
    throw new Error(`BACKEND_ASSERTION_KEYS_FILE: ${path} is not of the expected form`)
  }
}
