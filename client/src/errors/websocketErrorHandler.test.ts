// R2.5: the functions by their names, held against the registry of close codes.

import { closeCodes } from '@sallyport/contracts/close-codes'
import { authenticationDetails } from '@sallyport/contracts/denials'
import { describe, expect, it } from 'vitest'
import { TokenUnavailableError, UnauthorizedError } from '../gateway-client/token-source.ts'
import {
  createErrorFromCloseEvent,
  createErrorFromError,
  createErrorFromState,
  getErrorTypeFromCloseEvent,
  getErrorTypeFromMessage,
  getUserFriendlyMessage,
  isRetryableError,
  shouldRedirectToLogin,
} from './websocketErrorHandler.ts'

const everyCode = Object.values(closeCodes)

describe('close events', () => {
  it.each(everyCode)('R2.5 types $code $reason as the registry does', ({ code, category }) => {
    expect(getErrorTypeFromCloseEvent({ code })).toBe(category)
    expect(createErrorFromCloseEvent({ code })).toMatchObject({ type: category, code })
  })

  it('R2.5 never calls an auth error retryable', () => {
    const authCodes = everyCode.filter(({ category }) => category === 'auth')
    expect(authCodes.length).toBeGreaterThan(3)
    for (const { code } of authCodes) {
      expect(isRetryableError(createErrorFromCloseEvent({ code }))).toBe(false)
    }
    expect(isRetryableError({ type: 'auth', retryable: true })).toBe(false)
  })

  it('calls lost connections and servers in trouble retryable, faults of the page not', () => {
    const isRetryable = (code: number) => isRetryableError(createErrorFromCloseEvent({ code }))
    expect([1001, 1006, 1012, 4503, 4508].map(isRetryable)).toEqual([true, true, true, true, true])
    expect([1000, 1002, 4400, 4409].map(isRetryable)).toEqual([false, false, false, false])
  })

  it('R2.2 sends to the login page only where signing in helps', () => {
    const redirects = (code: number) => shouldRedirectToLogin(createErrorFromCloseEvent({ code }))
    expect([4401, 4408, 4410, 1008].map(redirects)).toEqual([true, true, true, true])
    expect([4403, 4503, 1006, 4409].map(redirects)).toEqual([false, false, false, false])
  })
})

describe('messages and thrown errors', () => {
  it('types a message by its category, and a sentence it does not know as unknown', () => {
    const error = { code: 'x', category: 'server', message: 'm', retryable: true } as const
    expect(getErrorTypeFromMessage({ type: 'error', data: error })).toBe('server')
    expect(getErrorTypeFromMessage('anything else')).toBe('unknown')
    expect(getErrorTypeFromMessage({ type: 'hb' })).toBe('unknown')
  })

  it.each([
    ...Object.values(authenticationDetails),
    'Authentication required',
  ])('R0.4 types the sentence "%s" of a 401 as auth', (sentence) => {
    expect(getErrorTypeFromMessage(sentence)).toBe('auth')
  })

  it('RX.12 takes only a missing session for an auth error, never an outage', () => {
    expect(createErrorFromError(new UnauthorizedError()).type).toBe('auth')
    expect(createErrorFromError(new TokenUnavailableError()).type).toBe('server')
    expect(createErrorFromError(new TypeError('Failed to fetch')).type).toBe('connection')
    expect(createErrorFromError('odd')).toEqual({ type: 'unknown', retryable: false })
  })
})

describe('states', () => {
  it('has an error exactly while something stands in the way', () => {
    const progress = { attempt: 1, secondChanceUsed: false }
    const waits = { phase: 'backing-off', ...progress, delayMs: 1, category: 'server' } as const
    expect(createErrorFromState({ phase: 'idle' })).toBeUndefined()
    expect(createErrorFromState({ phase: 'connecting', ...progress })).toBeUndefined()
    expect(createErrorFromState(waits)).toEqual({ type: 'server', retryable: true })
    expect(createErrorFromState({ ...waits, code: 1012 })).toMatchObject({ code: 1012 })
    expect(createErrorFromState({ phase: 'ended', outcome: 'auth' })).toMatchObject({
      type: 'auth',
    })
    expect(createErrorFromState({ phase: 'ended', outcome: 'auth', code: 4410 })).toMatchObject({
      code: 4410,
    })
  })
})

describe('words', () => {
  it('R2.9 tells an operator’s end from a connection that was replaced', () => {
    const waits = { phase: 'backing-off', attempt: 1, secondChanceUsed: false, delayMs: 1 } as const
    const ended = { ...waits, category: 'unknown', code: 4409, byOperator: true } as const
    const error = createErrorFromState(ended)
    expect(error && getUserFriendlyMessage(error)).toBe('The connection was ended by an operator.')
    expect(error && isRetryableError(error)).toBe(true)
    const replaced = createErrorFromCloseEvent({ code: 4409 })
    expect(getUserFriendlyMessage(replaced)).toContain('replaced')
  })

  it.each(everyCode)('R2.9 says a plain sentence for $code', ({ code, reason }) => {
    const sentence = getUserFriendlyMessage(createErrorFromCloseEvent({ code }))
    expect(sentence).toMatch(/^[A-Z][^0-9_{}]+\.$/)
    expect(sentence).not.toMatch(/websocket|token|socket|code/i)
    if (reason.includes('-')) expect(sentence).not.toContain(reason)
  })
})
