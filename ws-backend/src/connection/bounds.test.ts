// The small bounded parts: token bucket, misdeed counter, nonce memory, registry.

import { assertionUsableMs } from '@sallyport/contracts/identity-assertion'
import { describe, expect, it } from 'vitest'
import { testIdentity } from '../testing/test-backend.ts'
import { createConnectionRegistry } from './connection-registry.ts'
import { createMisdeedCounter, createTokenBucket, createWindowLimit } from './inbound-limits.ts'
import { createNonceMemory } from './nonce-memory.ts'

function makeClock() {
  let nowMs = 0
  return {
    now: () => nowMs,
    advance: (ms: number) => {
      nowMs += ms
    },
  }
}

describe('the token bucket', () => {
  it('RX.11 LIM-3 allows the burst at once, then the rate', () => {
    const clock = makeClock()
    const tryTake = createTokenBucket(20, 40, clock.now)
    const taken = () => Array.from({ length: 100 }, tryTake).filter(Boolean).length
    expect(taken()).toBe(40)
    clock.advance(1000)
    expect(taken()).toBe(20)
    clock.advance(3_600_000)
    expect(taken()).toBe(40)
  })

  it('LIM-3 takes more than the burst only when it is full, and waits until that is paid for', () => {
    const clock = makeClock()
    const tryTake = createTokenBucket(10, 100, clock.now)
    expect([tryTake(60), tryTake(60), tryTake(40)]).toEqual([true, false, true])
    clock.advance(9999)
    expect(tryTake(150)).toBe(false)
    clock.advance(1)
    expect(tryTake(150)).toBe(true)
    clock.advance(5000)
    expect(tryTake(1)).toBe(false)
    clock.advance(100)
    expect(tryTake(1)).toBe(true)
  })
})

describe('the misdeed counter', () => {
  it('RX.11 judges when the limit lies within the window, and not when it is spread out', () => {
    const clock = makeClock()
    const isTooMuch = createMisdeedCounter(3, 1000, clock.now)
    const spread = [1, 2, 3, 4].map(() => {
      clock.advance(500)
      return isTooMuch()
    })
    expect(spread).toEqual([false, false, false, false])
    clock.advance(10_000)
    expect([isTooMuch(), isTooMuch(), isTooMuch()]).toEqual([false, false, true])
  })
})

describe('the limit of a window', () => {
  it('RX.11 allows so many within any window, and counts none that it refused', () => {
    const clock = makeClock()
    const tryTake = createWindowLimit(2, 1000, clock.now)
    expect([tryTake(), tryTake(), tryTake()]).toEqual([true, true, false])
    clock.advance(999)
    expect(tryTake()).toBe(false)
    clock.advance(1)
    expect([tryTake(), tryTake(), tryTake()]).toEqual([true, true, false])
  })
})

describe('the nonce memory', () => {
  it('RX.6 knows a nonce as long as its assertion can be used, and forgets it then', () => {
    const clock = makeClock()
    const remember = createNonceMemory(10, clock.now)
    expect(remember('a')).toBe('fresh')
    clock.advance(assertionUsableMs)
    expect(remember('a')).toBe('used')
    clock.advance(assertionUsableMs)
    expect(remember('a')).toBe('fresh')
  })

  it('RX.11 refuses when it is full instead of forgetting what may still be used', () => {
    const clock = makeClock()
    const remember = createNonceMemory(2, clock.now)
    expect([remember('a'), remember('b'), remember('c'), remember('a')]).toEqual([
      'fresh',
      'fresh',
      'full',
      'used',
    ])
    clock.advance(2 * assertionUsableMs)
    expect(remember('c')).toBe('fresh')
  })
})

const member = (id: string, subject: string, sessionId: string) => ({
  id,
  identity: testIdentity({ subject, sessionId }),
})

describe('the connection registry', () => {
  it('finds connections by session, and keeps nothing of those that left', async () => {
    const registry = createConnectionRegistry()
    const [a, b, c] = [
      member('1', 'alice', 's1'),
      member('2', 'alice', 's2'),
      member('3', 'bob', 's3'),
    ]
    for (const one of [a, b, c]) registry.add(one)
    expect(registry.forSession('s1')).toEqual([a])
    const empty = registry.empty()
    for (const one of registry.all()) registry.remove(one)
    registry.remove(a)
    await empty
    expect([registry.size(), registry.forSession('s1')]).toEqual([0, []])
  })
})
