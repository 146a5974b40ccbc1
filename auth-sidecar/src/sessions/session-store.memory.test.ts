import { describe, expect, it } from 'vitest'
import { describeSessionStore } from './session-store.contract.ts'
import { createMemorySessionStore } from './session-store.memory.ts'

describe('session store in memory', () => {
  describeSessionStore(async () => {
    let nowMs = 1_000_000
    const now = () => nowMs
    return {
      store: createMemorySessionStore({ maxSessions: 100, now }),
      now,
      advanceMs: async (byMs) => {
        nowMs += byMs
      },
    }
  })

  it('R0.2 gives up the oldest session beyond its bound', async () => {
    const store = createMemorySessionStore({ maxSessions: 2, now: () => 0 })
    for (const id of ['a', 'b', 'c']) {
      await store.create({
        secretHash: id,
        sessionId: `session-${id}`,
        subject: 's',
        username: 's',
        generation: { epoch: 'e', subject: 0, session: 0 },
        device: { clientId: '', deviceType: '', ipAddress: '' },
        createdAtMs: 0,
        expiresAtMs: 1,
      })
    }
    const found = await Promise.all(['a', 'b', 'c'].map((id) => store.find(id)))
    expect(found.map(Boolean)).toEqual([false, true, true])
  })
})
