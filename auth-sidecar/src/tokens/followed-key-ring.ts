// The built-in issuer's keys as their file says now: a key that is added verifies from then on, the first one signs, and
// what was verified with a key that is gone is not believed any more, remembered tokens included.

import { followRing, type RingReport } from '@sallyport/service-kit/followed-ring'
import { createKeyRing, type KeyRing } from './key-ring.ts'
import { findIn, type KeySource } from './key-source.ts'

/** Each member says what is in force when it is read. */
export type FollowedKeyRing = KeyRing & {
  /** True for a key that was seen in the ring and is not there any more: what it signed is void. */
  readonly isKeyGone: (keyId: string) => boolean
  readonly close: () => Promise<void>
}

export type FollowKeyRingOptions = { readonly path: string; readonly report: RingReport }

/** Follows the key file that `initial` was made of; a faulty one changes nothing. */
export function createFollowedKeyRing(
  initial: KeyRing,
  { path, report }: FollowKeyRingOptions,
): FollowedKeyRing {
  // One for each rotation that this process has seen.
  const seen = new Set(initial.verificationKeys.keys.keys())
  const { current, close } = followRing({
    ring: 'token',
    paths: [path],
    initial,
    parse: async ([text = ''], before) =>
      withKnownKeys(await createKeyRing(JSON.parse(text)), before),
    report,
    onTaken: ({ verificationKeys }) => {
      for (const keyId of verificationKeys.keys.keys()) seen.add(keyId)
    },
  })
  return {
    get signingKey() {
      return current().signingKey
    },
    get verificationKeys() {
      return current().verificationKeys
    },
    get publicKeys() {
      return current().publicKeys
    },
    isKeyGone: (keyId) => seen.has(keyId) && !current().verificationKeys.keys.has(keyId),
    close,
  }
}

/** The same keys stay the same object, in whatever order: what was verified with them stays remembered. */
function withKnownKeys(next: KeyRing, before: KeyRing): KeyRing {
  const isSame = next.verificationKeys.fingerprint === before.verificationKeys.fingerprint
  return isSame ? { ...next, verificationKeys: before.verificationKeys } : next
}

/** The keys of a ring as they are now, for a verifier. */
export function followKeys(ring: Pick<KeyRing, 'verificationKeys'>): KeySource {
  return {
    current: () => ring.verificationKeys,
    find: async (keyId) => findIn(ring.verificationKeys, keyId),
  }
}
