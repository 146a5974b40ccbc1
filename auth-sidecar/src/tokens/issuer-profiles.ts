// The issuers whose tokens are accepted now. The list may change while the gate runs: who stays as he is keeps his
// keys, who changed or went loses everything that was remembered of his tokens.

import { isDeepStrictEqual } from 'node:util'
import type { TrustedIssuer } from '@sallyport/contracts/policy'
import {
  type CurrentGeneration,
  createTrustedProfile,
  type IssuerProfile,
} from './issuer-profile.ts'
import type { KeySource } from './key-source.ts'
import type { KeySetStatus, RemoteKeySet } from './remote-key-set.ts'

export type IssuerProfiles = {
  /** Brings the profiles up to the list; costs one comparison when it is the same list as before. */
  readonly update: () => void
  readonly find: (issuer: unknown) => IssuerProfile | undefined
  readonly keySets: () => readonly KeySetStatus[]
  /** False for the built-in issuer and for one that is not listed. */
  readonly isKeyGone: (issuer: string, keyId: string) => boolean
  readonly close: () => Promise<void>
}

export type IssuerProfilesDeps = {
  readonly builtIn: IssuerProfile
  /** The list in force; a new list is a new array. */
  readonly issuers: () => readonly TrustedIssuer[]
  readonly createKeySet: (issuer: TrustedIssuer) => RemoteKeySet
  readonly currentGeneration: CurrentGeneration
}

type Entry = {
  readonly trusted: TrustedIssuer
  readonly remote: RemoteKeySet
  readonly profile: IssuerProfile
  readonly retire: () => void
}

/** Fetches the keys of everybody on the list, in the background. */
export function createIssuerProfiles(deps: IssuerProfilesDeps): IssuerProfiles {
  const entries = new Map<string, Entry>()
  const closing = new Set<Promise<void>>()
  let listed: readonly TrustedIssuer[] = []

  function closeKeySet(remote: RemoteKeySet): void {
    const closed: Promise<void> = remote.close().finally(() => closing.delete(closed))
    closing.add(closed)
  }

  function replace(trusted: TrustedIssuer, before: Entry | undefined): Entry {
    if (before && isDeepStrictEqual(before.trusted, trusted)) return before
    before?.retire()
    const keeps = before && haveSameKeys(before.trusted, trusted)
    if (before && !keeps) closeKeySet(before.remote)
    const remote = before && keeps ? before.remote : deps.createKeySet(trusted)
    const { keys, retire } = retirable(remote)
    const profile = createTrustedProfile(trusted, keys, deps.currentGeneration)
    return { trusted, remote, profile, retire }
  }

  function update(): void {
    const list = deps.issuers()
    if (list === listed) return
    listed = list
    // Our own name cannot be given to somebody else.
    const others = list.filter(({ issuer }) => issuer !== deps.builtIn.issuer)
    const named = new Set(others.map(({ issuer }) => issuer))
    for (const [issuer, entry] of entries) {
      if (named.has(issuer)) continue
      entry.retire()
      closeKeySet(entry.remote)
      entries.delete(issuer)
    }
    for (const trusted of others) {
      entries.set(trusted.issuer, replace(trusted, entries.get(trusted.issuer)))
    }
  }

  update()
  return {
    update,
    find(issuer) {
      if (issuer === deps.builtIn.issuer) return deps.builtIn
      return typeof issuer === 'string' ? entries.get(issuer)?.profile : undefined
    },
    keySets: () => [...entries.values()].map(({ remote }) => remote.status()),
    isKeyGone: (issuer, keyId) => entries.get(issuer)?.remote.isGone(keyId) ?? false,
    async close() {
      for (const { remote } of entries.values()) closeKeySet(remote)
      await Promise.all(closing)
    },
  }
}

function haveSameKeys(a: TrustedIssuer, b: TrustedIssuer): boolean {
  return a.keySetUrl === b.keySetUrl && isDeepStrictEqual(a.algorithms, b.algorithms)
}

/** A source that can be ended for one profile while another goes on with the same keys. */
function retirable(source: KeySource): { readonly keys: KeySource; readonly retire: () => void } {
  let isRetired = false
  return {
    keys: { find: source.find, current: () => (isRetired ? undefined : source.current()) },
    retire() {
      isRetired = true
    },
  }
}
