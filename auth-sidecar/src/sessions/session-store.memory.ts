// Sessions in this process's memory: gone with it, which is safe (everybody signs in again) but not for replicas.

import type { SessionRecord, SessionStore } from './session-store.ts'

/** A bounded store; beyond `maxSessions` the oldest session gives way. */
export function createMemorySessionStore(options: {
  readonly maxSessions: number
  readonly now: () => number
}): SessionStore {
  const bySecret = new Map<string, SessionRecord>()
  const secretOf = new Map<string, string>()

  function drop(record: SessionRecord): void {
    bySecret.delete(record.secretHash)
    secretOf.delete(record.sessionId)
  }

  function makeRoom(): void {
    for (const record of bySecret.values()) {
      const expired = record.expiresAtMs <= options.now()
      if (!expired && bySecret.size < options.maxSessions) return
      drop(record)
    }
  }

  return {
    async create(record) {
      makeRoom()
      bySecret.set(record.secretHash, record)
      secretOf.set(record.sessionId, record.secretHash)
    },
    async find(secretHash) {
      const record = bySecret.get(secretHash)
      if (record && record.expiresAtMs <= options.now()) {
        drop(record)
        return undefined
      }
      return record
    },
    async remove(sessionId) {
      const record = bySecret.get(secretOf.get(sessionId) ?? '')
      if (record) drop(record)
    },
  }
}
