// What a client is told: the numbers of `welcome`, and advice that agrees with the registry of close codes.

import { type CloseName, closeCodes } from '@sallyport/contracts/close-codes'
import { parseServerMessage } from '@sallyport/contracts/messages/server-message'
import { describe, expect, it } from 'vitest'
import { testIdentity } from '../testing/test-backend.ts'
import { defaultLimits } from './connection-limits.ts'
import { adviceMessage, errorMessage, welcomeMessage } from './outbound-messages.ts'

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
    expect(adviceMessage(name)).toEqual({
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

describe('an error', () => {
  it('answers with the id of what it is about', () => {
    expect(errorMessage('not-allowed', 'x')).toMatchObject({
      id: 'x',
      data: { code: 'not-allowed', category: 'auth', retryable: false },
    })
    expect(errorMessage('not-json')).not.toHaveProperty('id')
  })
})
