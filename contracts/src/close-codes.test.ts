import { describe, expect, it } from 'vitest'
import { closeCodeOf, closeCodes } from './close-codes.ts'

describe('close codes', () => {
  it('R0.4 gives every close a number of its own', () => {
    const numbers = Object.values(closeCodes).map((entry) => entry.code)
    expect(new Set(numbers).size).toBe(numbers.length)
  })

  it('R2.5 never lets an auth close be retried with the same token', () => {
    const auth = Object.values(closeCodes).filter((entry) => entry.category === 'auth')
    expect(auth.map((entry) => entry.reconnect)).not.toContain('with-backoff')
  })

  it('RX.12 never sends anybody to the login page for a fault of ours', () => {
    const ours = Object.values(closeCodes).filter(({ code }) => code >= 4500)
    expect(ours.length).toBeGreaterThan(3)
    expect(ours.every((entry) => entry.category !== 'auth')).toBe(true)
    expect(ours.every((entry) => entry.reconnect === 'with-backoff')).toBe(true)
  })

  it.each([
    [4599, 'server', 'with-backoff'],
    [4444, 'unknown', 'never'],
    [3000, 'unknown', 'with-backoff'],
    [4410, 'auth', 'never'],
  ])('R0.4 knows what to do about %i', (code, category, reconnect) => {
    expect(closeCodeOf(code)).toMatchObject({ code, category, reconnect })
  })
})
