// Refresh tokens in this process's memory: right for one sidecar. Bounded twice: in a family the oldest used ones give
// way, and in a full store the oldest used one of all. A live one never gives way to another session's.

import { type AgedMap, createAgedMap } from '../limits/aged-map.ts'
import type { RefreshTokenRecord, RefreshTokenStore } from './refresh-token-store.ts'

export type MemoryRefreshTokenOptions = {
  /** Beyond this many that are live a new one is an outage. */
  readonly maxTokens: number
  readonly maxPerSession: number
  readonly now: () => number
}

export type MemoryRefreshTokenStore = RefreshTokenStore & {
  /** Refresh tokens held now, used ones among them; for metrics. */
  readonly size: () => number
}

/** One session's, oldest first: a token's record, and whether it was used. */
type Family = Map<string, { readonly record: RefreshTokenRecord; isUsed: boolean }>

/** A bounded store. */
export function createMemoryRefreshTokenStore(
  options: MemoryRefreshTokenOptions,
): MemoryRefreshTokenStore {
  const { maxTokens, maxPerSession, now } = options
  const families: AgedMap<Family> = createAgedMap()
  const familyOf = new Map<string, Family>()
  /** Hashes of used ones, in the order of their use. */
  const used: AgedMap<true> = createAgedMap()

  function drop(secretHash: string): void {
    familyOf.get(secretHash)?.delete(secretHash)
    familyOf.delete(secretHash)
    used.delete(secretHash)
  }

  // A family begins with its session, and all sessions live equally long: the oldest family ends first.
  function dropExpired(): void {
    for (let oldest = families.oldest(); oldest; oldest = families.oldest()) {
      const [sessionId, family] = oldest
      if ([...family.values()].some(({ record }) => record.expiresAtMs > now())) return
      for (const secretHash of family.keys()) drop(secretHash)
      families.delete(sessionId)
    }
  }

  function makeRoom(family: Family): void {
    const isFull = family.size >= maxPerSession
    const own = [...family].find(([, { isUsed }]) => isUsed)?.[0] ?? family.keys().next().value
    if (isFull && own !== undefined) drop(own)
    if (familyOf.size < maxTokens) return
    const oldestUsed = used.oldest()
    if (!oldestUsed) throw new Error('the refresh token store is full')
    drop(oldestUsed[0])
  }

  return {
    async create(record) {
      dropExpired()
      const family: Family = families.get(record.sessionId) ?? new Map()
      makeRoom(family)
      families.set(record.sessionId, family)
      family.set(record.secretHash, { record, isUsed: false })
      familyOf.set(record.secretHash, family)
    },
    // No await between reading and marking: of forty at once one gets it fresh.
    async redeem(secretHash) {
      const held = familyOf.get(secretHash)?.get(secretHash)
      if (!held || held.record.expiresAtMs <= now()) return undefined
      const outcome = held.isUsed ? 'reused' : 'fresh'
      held.isUsed = true
      used.set(secretHash, true)
      return { outcome, record: held.record }
    },
    size() {
      dropExpired()
      return familyOf.size
    },
  }
}
