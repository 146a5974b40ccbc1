// How many sockets one session and one subject may have at a time. Counts those that are checked or live: an
// ending one, and one that was refused for being too many, takes no place from a good one.

import type { Identity } from '@sallyport/contracts/identity'

type Holder = { readonly id: string; readonly identity: Identity }

export type QuotaVerdict = 'taken' | 'session-full' | 'subject-full'

/** Counts holders by session and by subject; holds nothing of those that gave back. */
export function createSocketQuota(limits: {
  readonly maxSocketsPerSession: number
  readonly maxSocketsPerSubject: number
}) {
  const holders = new Set<string>()
  const bySession = new Map<string, number>()
  const bySubject = new Map<string, number>()

  return {
    take({ id, identity }: Holder): QuotaVerdict {
      const { sessionId } = identity
      const subject = personOf(identity)
      if ((bySession.get(sessionId) ?? 0) >= limits.maxSocketsPerSession) return 'session-full'
      if ((bySubject.get(subject) ?? 0) >= limits.maxSocketsPerSubject) return 'subject-full'
      holders.add(id)
      add(bySession, sessionId, 1)
      add(bySubject, subject, 1)
      return 'taken'
    },
    /** Means nothing for a holder that took nothing, or has given back already. */
    giveBack({ id, identity }: Holder): void {
      if (!holders.delete(id)) return
      add(bySession, identity.sessionId, -1)
      add(bySubject, personOf(identity), -1)
    },
  }
}

/** Subjects are unique within their issuer only; an issuer, being a URL, holds no blank. */
function personOf({ issuer, subject }: Identity): string {
  return `${issuer} ${subject}`
}

function add(counts: Map<string, number>, key: string, change: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + change
  if (count > 0) counts.set(key, count)
  else counts.delete(key)
}
