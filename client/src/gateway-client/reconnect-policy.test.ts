// The policy against the registry of close codes: every listed code, every number a client can meet.

import { closeCodeOf, closeCodes } from '@sallyport/contracts/close-codes'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  backoffDelayMs,
  type ClosedSocket,
  decideReconnect,
  maxUnlistedAttempts,
  troubleFloorMs,
} from './reconnect-policy.ts'
import { maxTimerMs } from './timer.ts'

const retry = { minMs: 500, maxMs: 30_000 }
const first: ClosedSocket = {
  code: 1006,
  wasOpen: true,
  attempt: 0,
  secondChanceUsed: false,
  retry,
  random: 0.5,
}

describe('decideReconnect', () => {
  const stops = Object.values(closeCodes).filter(({ reconnect }) => reconnect === 'never')
  it.each(stops)('stops at $code $reason', ({ code }) => {
    expect(decideReconnect({ ...first, code }).action).toBe('stop')
  })

  const returning = Object.values(closeCodes).filter(
    ({ reconnect }) => reconnect === 'with-backoff',
  )
  it.each(returning)('R2.9 comes back with backoff after $code $reason', ({ code }) => {
    expect(decideReconnect({ ...first, code }).action).toBe('retry')
    expect(decideReconnect({ ...first, code, attempt: 500 }).action).toBe('retry')
  })

  it('RX.1 comes back from an operator’s 4409 after a while, and never from one that was replaced', () => {
    const ended = { ...first, code: 4409, random: 0 }
    expect(decideReconnect({ ...ended, byOperator: true })).toEqual({
      action: 'retry',
      delayMs: troubleFloorMs,
    })
    expect(decideReconnect({ ...ended, byOperator: false }).action).toBe('stop')
  })

  it('names the outcome: sign in again, no access, asked for, or a fault', () => {
    const outcomeOf = (code: number) => decideReconnect({ ...first, code })
    expect(outcomeOf(4410)).toEqual({ action: 'stop', outcome: 'auth' })
    expect(outcomeOf(4403)).toEqual({ action: 'stop', outcome: 'forbidden' })
    expect(outcomeOf(1000)).toEqual({ action: 'stop', outcome: 'normal' })
    expect(outcomeOf(4409)).toEqual({ action: 'stop', outcome: 'unknown' })
  })

  it.each([
    4401, 4408,
  ])('R2.5 answers %i once with a new token, then with the login page', (code) => {
    expect(decideReconnect({ ...first, code })).toEqual({ action: 'new-token' })
    const second = decideReconnect({ ...first, code, secondChanceUsed: true })
    expect(second).toEqual({ action: 'stop', outcome: 'auth' })
  })

  it.each([1005, 1006])('asks after %i before open, because a refusal looks the same', (code) => {
    expect(decideReconnect({ ...first, code, wasOpen: false }).action).toBe('ask')
    expect(decideReconnect({ ...first, code, wasOpen: true }).action).toBe('retry')
  })

  it('asks after 1008 once and never loops', () => {
    expect(decideReconnect({ ...first, code: 1008 }).action).toBe('ask')
    const second = decideReconnect({ ...first, code: 1008, secondChanceUsed: true })
    expect(second).toEqual({ action: 'stop', outcome: 'auth' })
  })

  it.each([1013, 4500, 4503, 4504])('leaves a server in trouble (%i) alone for a while', (code) => {
    const decision = decideReconnect({ ...first, code, random: 0 })
    expect(decision).toEqual({ action: 'retry', delayMs: troubleFloorMs })
  })

  it('gives an unlisted code a few tries, then tells a person', () => {
    const early = decideReconnect({ ...first, code: 3999, attempt: maxUnlistedAttempts - 1 })
    const late = decideReconnect({ ...first, code: 3999, attempt: maxUnlistedAttempts })
    expect(early.action).toBe('retry')
    expect(late).toEqual({ action: 'stop', outcome: 'unknown' })
  })

  it('R2.5 never retries an auth close of any number with the same token', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1000, max: 4999 }), fc.boolean(), (code, wasOpen) => {
        const { action } = decideReconnect({ ...first, code, wasOpen })
        if (closeCodeOf(code).category === 'auth') expect(action).not.toBe('retry')
      }),
    )
  })
})

describe('backoffDelayMs', () => {
  it('R2.2 grows exponentially with full jitter up to the ceiling', () => {
    const delays = [0, 1, 2, 3, 20].map((attempt) => backoffDelayMs({ attempt, retry, random: 1 }))
    expect(delays).toEqual([1000, 2000, 4000, 8000, 30_000])
    expect(backoffDelayMs({ attempt: 20, retry, random: 0 })).toBe(500)
  })

  it('never comes back earlier than it was told to, and spreads a herd beyond that', () => {
    const told = { attempt: 3, retry, retryAfterMs: 20_000 }
    expect(backoffDelayMs({ ...told, random: 0 })).toBe(20_000)
    expect(backoffDelayMs({ ...told, random: 0.9 })).toBeGreaterThan(20_000)
  })

  it('stays a delay a timer understands, whatever comes over the wire', () => {
    const anyNumber = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, Infinity, -1, 0, 2 ** 40))
    fc.assert(
      fc.property(anyNumber, anyNumber, anyNumber, fc.nat(5000), (minMs, maxMs, after, attempt) => {
        const wait = { attempt, retry: { minMs, maxMs }, retryAfterMs: after, random: 0.7 }
        const delayMs = backoffDelayMs(wait)
        expect(delayMs).toBeGreaterThanOrEqual(100)
        expect(delayMs).toBeLessThanOrEqual(maxTimerMs)
      }),
    )
  })
})
