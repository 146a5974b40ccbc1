// Signers under the newest assertion key, made anew when another key has become the newest. Between two changes it is
// `assertion-signers.ts` and costs one comparison.

import type { AssertionKey } from '@sallyport/contracts/identity-assertion'
import { createAssertionSigners, type SignerOf } from './assertion-signers.ts'

/** The signers of the ring that `masters` says; another ring is another array. Throws when the first one is empty. */
export function createFollowedSigners(
  masters: () => readonly AssertionKey[],
  now: () => number,
): SignerOf {
  let inForce = masters()
  let signerOf = createAssertionSigners(inForce, now)
  return (backend) => {
    const present = masters()
    if (present !== inForce) {
      signerOf = createAssertionSigners(present, now)
      inForce = present
    }
    return signerOf(backend)
  }
}
