// Tickets in this process's memory: right for one sidecar. Bounded twice: a session's oldest ticket gives way to its
// newest, and a full store takes nobody's.

import type { TicketRecord, TicketStore } from './ticket-store.ts'

export type MemoryTicketStoreOptions = {
  /** Beyond this many a new one is an outage: dropping a stranger's would burn it. */
  readonly maxTickets: number
  readonly maxPerSession: number
  readonly now: () => number
}

export type MemoryTicketStore = TicketStore & {
  /** Tickets held now; for metrics. */
  readonly size: () => number
}

/** Sessions of two issuers may share an id. */
const sessionKeyOf = ({ authority }: TicketRecord): string =>
  JSON.stringify([authority.issuer, authority.sessionId])

/** A bounded store. */
export function createMemoryTicketStore(options: MemoryTicketStoreOptions): MemoryTicketStore {
  const { maxTickets, maxPerSession, now } = options
  const bySecret = new Map<string, TicketRecord>()
  const bySession = new Map<string, Set<TicketRecord>>()

  function drop(record: TicketRecord): void {
    bySecret.delete(record.secretHash)
    const key = sessionKeyOf(record)
    const own = bySession.get(key)
    own?.delete(record)
    if (own?.size === 0) bySession.delete(key)
  }

  // In order of insertion. One whose session ends early lies behind others that live longer: it is dropped with
  // them, a ticket's life later at most, and redeemed never.
  function dropExpired(): void {
    for (const record of bySecret.values()) {
      if (record.expiresAtMs > now()) return
      drop(record)
    }
  }

  return {
    async create(record) {
      dropExpired()
      const key = sessionKeyOf(record)
      const [oldest] = bySession.get(key) ?? []
      if (oldest && (bySession.get(key)?.size ?? 0) >= maxPerSession) drop(oldest)
      if (bySecret.size >= maxTickets) throw new Error('the ticket store is full')
      bySecret.set(record.secretHash, record)
      // Asked for anew: dropping the oldest may have removed an emptied set.
      const own = bySession.get(key) ?? new Set()
      bySession.set(key, own.add(record))
    },
    // No await between reading and deleting: of forty at once one gets it.
    async redeem(secretHash) {
      const record = bySecret.get(secretHash)
      if (!record) return undefined
      drop(record)
      return record.expiresAtMs > now() ? record : undefined
    },
    size() {
      dropExpired()
      return bySecret.size
    },
  }
}
