// Sessions in this process's memory: gone with it, which is safe (everybody signs in again) but not for replicas.

import type { SessionRecord, SessionStore } from './session-store.ts'

/** A bounded store; beyond `maxSessions` it takes no new session, which is an outage. */
export function createMemorySessionStore(options: {
  readonly maxSessions: number
  readonly now: () => number
}): SessionStore {
  const bySecret = new Map<string, SessionRecord>()
  const secretOf = new Map<string, string>()
  const bySubject = new Map<string, Set<SessionRecord>>()

  function drop(record: SessionRecord): void {
    bySecret.delete(record.secretHash)
    secretOf.delete(record.sessionId)
    const own = bySubject.get(record.subject)
    own?.delete(record)
    if (own?.size === 0) bySubject.delete(record.subject)
  }

  function dropExpired(): void {
    for (const record of bySecret.values()) {
      if (record.expiresAtMs > options.now()) return
      drop(record)
    }
  }

  return {
    async create(record) {
      dropExpired()
      // Nobody's session gives way: its tokens and sockets would live on where no cookie could end them.
      if (bySecret.size >= options.maxSessions) throw new Error('the session store is full')
      bySecret.set(record.secretHash, record)
      secretOf.set(record.sessionId, record.secretHash)
      const own = bySubject.get(record.subject) ?? new Set()
      bySubject.set(record.subject, own.add(record))
    },
    async find(secretHash) {
      const record = bySecret.get(secretHash)
      if (record && record.expiresAtMs <= options.now()) {
        drop(record)
        return undefined
      }
      return record
    },
    async ofSubject(subject) {
      const own = [...(bySubject.get(subject) ?? [])]
      return own.filter((record) => record.expiresAtMs > options.now())
    },
    async remove(sessionId) {
      const record = bySecret.get(secretOf.get(sessionId) ?? '')
      if (record) drop(record)
    },
  }
}
