// The ring of assertion keys as it lies on disk. The secrets in it are already derived for this backend alone.

import { readFileSync } from 'node:fs'
import { type AssertionKey, parseAssertionRing } from '@sallyport/contracts/identity-assertion'
import {
  type FollowedRing,
  followRing,
  type RingReport,
} from '@sallyport/service-kit/followed-ring'

/** Reads the ring; throws when the file is not of that form, without a word of its content. */
export function loadAssertionKeys(path: string): readonly AssertionKey[] {
  try {
    return parseAssertionRing(readFileSync(path, 'utf8'))
  } catch {
    throw new Error(`BACKEND_ASSERTION_KEYS_FILE: ${path} is not of the expected form`)
  }
}

/** Reads the ring like `loadAssertionKeys` and follows it; a faulty change leaves the keys before it in force. */
export function followAssertionKeys(
  path: string,
  report: RingReport,
): FollowedRing<readonly AssertionKey[]> {
  return followRing({
    ring: 'assertion',
    paths: [path],
    initial: loadAssertionKeys(path),
    parse: ([text = '']) => parseAssertionRing(text),
    report,
  })
}
