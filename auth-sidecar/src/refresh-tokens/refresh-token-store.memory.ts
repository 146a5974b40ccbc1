// Families of refresh tokens in this process's memory: right for one sidecar. Bounded; nobody's gives way.

import { createAgedMap } from '../limits/aged-map.ts'
import type { RefreshTokenRecord, RefreshTokenStore } from './refresh-token-store.ts'

export type MemoryRefreshTokenOptions = {
  /** Beyond this many a new one is an outage. */
  readonly maxFamilies: number
  readonly now: () => number
}

export type MemoryRefreshTokenStore = RefreshTokenStore & {
  /** Families held now; for metrics. */
  readonly size: () => number
}

/** A bounded store. */
export function createMemoryRefreshTokenStore(
  options: MemoryRefreshTokenOptions,
): MemoryRefreshTokenStore {
  const { maxFamilies, now } = options
  const families = createAgedMap<RefreshTokenRecord>()
  const isLive = ({ expiresAtMs }: RefreshTokenRecord) => expiresAtMs > now()

  function find(familyHash: string): RefreshTokenRecord | undefined {
    const record = families.get(familyHash)
    return record && isLive(record) ? record : undefined
  }

  // A family begins with its session, and all sessions live equally long: the oldest family ends first.
  function dropExpired(): void {
    for (let oldest = families.oldest(); oldest; oldest = families.oldest()) {
      const [familyHash, record] = oldest
      if (isLive(record)) return
      families.delete(familyHash)
    }
  }

  return {
    async create(record) {
      dropExpired()
      // Given away, a family would be unknown from then on, and an old copy of its tokens would end nothing.
      if (families.size() >= maxFamilies) throw new Error('the refresh token store is full')
      families.set(record.familyHash, record)
    },
    find: async (familyHash) => find(familyHash),
    // No await between reading and replacing: of forty at once one is fresh.
    async rotate({ familyHash, secretHash, nextSecretHash }) {
      const record = find(familyHash)
      if (!record) return undefined
      if (record.secretHash !== secretHash) return { outcome: 'reused', record }
      const rotated = { ...record, secretHash: nextSecretHash }
      families.set(familyHash, rotated)
      return { outcome: 'fresh', record: rotated }
    },
    size() {
      dropExpired()
      return families.size()
    },
  }
}
