// Where an issuer's keys come from: the file of the built-in issuer, or somebody's address. A verifier knows only this.

import type { KeySet, VerificationKey } from './key-set.ts'

export type FoundKey = { readonly key: VerificationKey; readonly keySet: KeySet }

export type KeySource = {
  /** The set in force; undefined when there is none that may still be used. What rests on another one is void. */
  readonly current: () => KeySet | undefined
  /** Finds a key, asking its owner when that may help. Rejects with `KeySetUnavailable` when there is no usable set. */
  readonly find: (keyId: string) => Promise<FoundKey | undefined>
}

/** An outage, not a refusal: nobody can say whether a token of this issuer is good. */
export class KeySetUnavailable extends Error {
  readonly code = 'key-set-unavailable'

  constructor(issuer: string) {
    super(`the keys of ${issuer} are not available`)
    this.name = 'KeySetUnavailable'
  }
}

/** A source that never changes. */
export function fixedKeys(keySet: KeySet): KeySource {
  return { current: () => keySet, find: async (keyId) => findIn(keySet, keyId) }
}

/** The key of that id, if the set has it. */
export function findIn(keySet: KeySet, keyId: string): FoundKey | undefined {
  const key = keySet.keys.get(keyId)
  return key && { key, keySet }
}
