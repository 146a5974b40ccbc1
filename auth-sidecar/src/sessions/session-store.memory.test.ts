import { describe, expect, it } from 'vitest'
import { describeSessionStore, sessionAt } from './session-store.contract.ts'
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

  it('R0.2 takes no session beyond its bound, and every one it has stays', async () => {
    const store = createMemorySessionStore({ maxSessions: 2, now: () => 0 })
    await store.create(sessionAt(0, 'a'))
    await store.create(sessionAt(0, 'b'))
    await expect(store.create(sessionAt(0, 'c'))).rejects.toThrow()
    const found = await Promise.all(['a', 'b', 'c'].map((id) => store.find(`hash-${id}`)))
    expect(found.map(Boolean)).toEqual([true, true, false])
  })

  it('R0.2 makes room as sessions expire', async () => {
    let nowMs = 0
    const store = createMemorySessionStore({ maxSessions: 1, now: () => nowMs })
    await store.create(sessionAt(0, 'a'))
    nowMs = 60_000
    await store.create(sessionAt(nowMs, 'b'))
    expect(await store.find('hash-b')).toBeDefined()
  })
})
