// One request at a time, reuse of a token with life left, and no answer after it was forgotten.

import { describe, expect, it } from 'vitest'
import { createTokenSource, minLifeLeftMs, type TokenRequest } from './token-source.ts'

const ask = (reason: TokenRequest['reason']) => ({ reason, signal: new AbortController().signal })

function setUp() {
  let nowMs = 0
  const pending: { resolve: (token: string) => void; reject: (error: Error) => void }[] = []
  const source = createTokenSource({
    now: () => nowMs,
    fetchSession: () =>
      new Promise((resolve, reject) => {
        pending.push({ resolve: (token) => resolve({ token, expiresInMs: 600_000 }), reject })
      }),
  })
  const moveTo = (ms: number) => {
    nowMs = ms
  }
  return { source, pending, moveTo }
}

describe('createTokenSource', () => {
  it('asks once for any number of callers at the same time', async () => {
    const { source, pending } = setUp()
    const answers = Promise.all([source.getToken(ask('connect')), source.getToken(ask('refused'))])
    pending[0]?.resolve('t1')
    expect(await answers).toEqual(['t1', 't1'])
    expect(pending).toHaveLength(1)
  })

  it('uses a token again while it has life left, and not beyond', async () => {
    const { source, pending, moveTo } = setUp()
    source.adopt({ token: 't0', expiresInMs: 600_000 })
    moveTo(600_000 - minLifeLeftMs - 1)
    expect(await source.getToken(ask('reconnect'))).toBe('t0')
    moveTo(600_000 - minLifeLeftMs)
    const answer = source.getToken(ask('reconnect'))
    pending[0]?.resolve('t1')
    expect(await answer).toBe('t1')
  })

  it.each([
    'expired',
    'refused',
    'refresh',
  ] as const)('R3.7 asks anew for the reason %s', async (reason) => {
    const { source, pending } = setUp()
    source.adopt({ token: 't0', expiresInMs: 600_000 })
    const answer = source.getToken(ask(reason))
    pending[0]?.resolve('t1')
    expect(await answer).toBe('t1')
    expect(await source.getToken(ask('connect'))).toBe('t1')
  })

  it('passes a failure on and asks again the next time', async () => {
    const { source, pending } = setUp()
    const failed = source.getToken(ask('connect'))
    pending[0]?.reject(new Error('outage'))
    await expect(failed).rejects.toThrow('outage')
    const answer = source.getToken(ask('connect'))
    pending[1]?.resolve('t1')
    expect(await answer).toBe('t1')
  })

  it('R4.7 keeps nothing that arrives after it was told to forget', async () => {
    const { source, pending } = setUp()
    const before = source.getToken(ask('connect'))
    source.invalidate()
    pending[0]?.resolve('of-the-last-user')
    await before
    const after = source.getToken(ask('connect'))
    pending[1]?.resolve('t2')
    expect(await after).toBe('t2')
  })
})
