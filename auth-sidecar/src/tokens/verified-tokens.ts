// Remembers tokens that were verified, by the SHA-256 of use, audience and the exact compact token (signature
// included), so that a reconnect costs one hash. A hit still has to pass the clock and the keys it was verified with;
// generation and policy are the caller's to check. Refusals are never remembered.

import { hash } from 'node:crypto'
import type { Authority } from '../authority/authority.ts'
import type { KeySet } from './key-set.ts'
import type { KeySource } from './key-source.ts'
import type { TokenExpectation } from './token-profile.ts'

/** What came of a verification, and what it rested on. */
export type VerifiedToken = {
  readonly granted: { readonly ok: true; readonly value: Authority }
  readonly notBeforeMs: number
  readonly keys: KeySource
  readonly keySet: KeySet
}

export type TokenMemoryBounds = {
  readonly maxTokens: number
  /** All remembered tokens' lengths together: claims are kept, and one token's may be eight times another's. */
  readonly maxCharacters: number
}

/** Counts since the start; for a scrape, so that a hit costs no metric. */
export type TokenMemoryStatus = {
  readonly hits: number
  readonly misses: number
  readonly tokens: number
}

export type TokenMemory = {
  /** Never undefined-and-good: a remembered token that is not good any more is forgotten. */
  readonly find: (key: string, nowMs: number) => VerifiedToken['granted'] | undefined
  readonly remember: (key: string, characters: number, verified: VerifiedToken) => void
  readonly status: () => TokenMemoryStatus
}

/** The same token for another use or audience has another key; the audience's length keeps the two texts apart. */
export function tokenMemoryKey(compact: string, { use, audience }: TokenExpectation): string {
  const prefix = audience === undefined ? use : `${use} for ${audience.length} ${audience}`
  return hash('sha256', `${prefix}\n${compact}`, 'hex')
}

/**
 * A bounded memory in two halves: when the young half is full it becomes the old one, and what nobody asked for
 * since is dropped with it. Nothing is ever searched, however full it is.
 */
export function createTokenMemory(bounds: TokenMemoryBounds): TokenMemory {
  let young = new Map<string, VerifiedToken & { readonly characters: number }>()
  let old: typeof young = new Map()
  let characters = 0
  let hits = 0
  let misses = 0

  function keep(key: string, entry: VerifiedToken & { readonly characters: number }): void {
    if (
      young.size * 2 >= bounds.maxTokens ||
      (characters + entry.characters) * 2 > bounds.maxCharacters
    ) {
      old = young
      young = new Map()
      characters = 0
    }
    young.set(key, entry)
    characters += entry.characters
  }

  function lookUp(key: string) {
    const entry = young.get(key)
    if (entry) return entry
    const aged = old.get(key)
    if (aged && old.delete(key)) keep(key, aged)
    return aged
  }

  return {
    find(key, nowMs) {
      const entry = lookUp(key)
      if (entry && isGood(entry, nowMs)) {
        hits++
        return entry.granted
      }
      if (entry && young.delete(key)) characters -= entry.characters
      misses++
      return undefined
    },
    remember(key, length, verified) {
      if (young.has(key) || length * 2 > bounds.maxCharacters) return
      keep(key, { ...verified, characters: length })
    },
    status: () => ({ hits, misses, tokens: young.size + old.size }),
  }
}

function isGood({ granted, notBeforeMs, keys, keySet }: VerifiedToken, nowMs: number): boolean {
  return granted.value.expiresAtMs > nowMs && notBeforeMs <= nowMs && keys.current() === keySet
}
