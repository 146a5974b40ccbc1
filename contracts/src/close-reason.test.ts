import { expect, it } from 'vitest'
import { closeCodes } from './close-codes.ts'
import { closeReason, maxCloseReasonBytes } from './close-reason.ts'

const bytes = (text: string) => new TextEncoder().encode(text).length

it('R0.4 cuts a reason by UTF-8 bytes, not by characters, and never through one', () => {
  const cut = closeReason('é'.repeat(100))
  expect(bytes(cut)).toBeLessThanOrEqual(maxCloseReasonBytes)
  expect(cut).toBe('é'.repeat(61))
  expect(closeReason('😀'.repeat(40))).toBe('😀'.repeat(30))
})

it('R0.4 leaves every registered reason as it is', () => {
  for (const { reason } of Object.values(closeCodes)) expect(closeReason(reason)).toBe(reason)
})
