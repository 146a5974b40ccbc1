// Generations in this process's memory. A restart forgets them, so each life of the process is an epoch of its own:
// whatever was issued under another epoch is refused, and nothing that was revoked can come back.

import { randomBytes } from 'node:crypto'
import type { AuthorityStore } from './authority-store.ts'

export type MemoryAuthorityOptions = {
  /** How long a record must be kept: the longest life of anything derived from a session. */
  readonly recordLifeMs: number
  readonly now: () => number
}

/** A store whose records are dropped when nothing can refer to them any more. */
export function createMemoryAuthorityStore(options: MemoryAuthorityOptions): AuthorityStore & {
  readonly epoch: string
} {
  const epoch = randomBytes(9).toString('base64url')
  const endedSessions = new Map<string, { generation: number; endedAtMs: number }>()

  function dropOld(nowMs: number): void {
    for (const [sessionId, record] of endedSessions) {
      if (nowMs - record.endedAtMs < options.recordLifeMs) return
      endedSessions.delete(sessionId)
    }
  }

  return {
    epoch,
    async current({ sessionId }) {
      return { epoch, subject: 0, session: endedSessions.get(sessionId)?.generation ?? 0 }
    },
    async endSession(sessionId) {
      const nowMs = options.now()
      dropOld(nowMs)
      const generation = (endedSessions.get(sessionId)?.generation ?? 0) + 1
      endedSessions.delete(sessionId)
      endedSessions.set(sessionId, { generation, endedAtMs: nowMs })
    },
  }
}
