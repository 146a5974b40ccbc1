// What a client is told: the numbers of `welcome`, and advice that agrees with the registry of close codes.

import { type CloseName, closeCodes } from '@sallyport/contracts/close-codes'
import { parseServerMessage } from '@sallyport/contracts/messages/server-message'
import { describe, expect, it } from 'vitest'
import { testIdentity } from '../testing/test-backend.ts'
import { defaultLimits } from './connection-limits.ts'
import {
  adviceMessage,
  authExpiringMessage,
  authOkMessage,
  errorMessage,
  welcomeMessage,
} from './outbound-messages.ts'

describe('welcome', () => {
  it.each([
    [10_000, 5000],
    [60_000, 30_000],
    [100_000, 70_000],
    [600_000, 510_000],
    [86_400_000, 73_440_000],
  ])('of a life of %i ms asks to refresh after %i ms', (ttlMs, expected) => {
    const message = welcomeMessage('c', testIdentity(), ttlMs, defaultLimits, new Date(0))
    expect(message).toMatchObject({ data: { refreshAfterMs: expected } })
  })

  it('carries every number a client needs', () => {
    const message = welcomeMessage('c', testIdentity(), 600_000.7, defaultLimits, new Date(0))
    expect(parseServerMessage(JSON.stringify(message))).toEqual({ ok: true, value: message })
    expect(message).toMatchObject({
      data: { connectionId: 'c', ttlMs: 600_000, serverTime: '1970-01-01T00:00:00.000Z' },
    })
  })
})

describe('advice', () => {
  it.each(Object.keys(closeCodes) as CloseName[])('on %s says what the registry says', (name) => {
    const { code, reason, category, reconnect } = closeCodes[name]
    expect(adviceMessage({ name })).toEqual({
      type: 'disconnect',
      data: {
        code,
        reason,
        category,
        reconnect: reconnect !== 'never',
        refresh: reconnect === 'with-new-token',
      },
    })
  })
})

describe('advice on an end by an operator', () => {
  it('SES-7 says so, and that the client may return at once with what it has', () => {
    expect(adviceMessage({ name: 'replaced', byOperator: true })).toMatchObject({
      data: { code: 4409, reason: 'ended-by-operator', reconnect: true, refresh: false },
    })
  })
})

describe('news of the authority', () => {
  it('R3.7 RX.3 a renewal says how long it lasts, when to refresh again and what was lost', () => {
    const message = authOkMessage(600_000.9, ['room:a'], 'r1')
    expect(message).toEqual({
      type: 'auth.ok',
      id: 'r1',
      data: { ttlMs: 600_000, refreshAfterMs: 510_000, lost: ['room:a'] },
    })
    expect(parseServerMessage(JSON.stringify(message))).toEqual({ ok: true, value: message })
    expect(authOkMessage(1, [])).not.toHaveProperty('id')
  })

  it('SES-3 a warning says how soon and why, in whole milliseconds', () => {
    const message = authExpiringMessage(29_999.9, 'expiry')
    expect(message).toEqual({ type: 'auth.expiring', data: { inMs: 29_999, reason: 'expiry' } })
    expect(parseServerMessage(JSON.stringify(message))).toEqual({ ok: true, value: message })
  })

  it('W90 what never ends is told as a number, because JSON knows no Infinity', () => {
    const forever = Number.POSITIVE_INFINITY
    const welcome = welcomeMessage('c', testIdentity(), forever, defaultLimits, new Date(0))
    for (const message of [welcome, authOkMessage(forever, [])]) {
      const { data } = JSON.parse(JSON.stringify(message)) as { data: Record<string, unknown> }
      expect(data['ttlMs']).toBe(Number.MAX_SAFE_INTEGER)
      expect(Number.isSafeInteger(data['refreshAfterMs'])).toBe(true)
    }
  })
})

describe('an error', () => {
  it('answers with the id of what it is about', () => {
    expect(errorMessage('not-allowed', 'x')).toMatchObject({
      id: 'x',
      data: { code: 'not-allowed', category: 'auth', retryable: false },
    })
    expect(errorMessage('not-json')).not.toHaveProperty('id')
  })
})
