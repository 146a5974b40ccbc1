import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createDeadline } from './deadline.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

it('R0.7 refuses what hangs: work that never settles is rejected within its bound and a quarter', async () => {
  const deadline = createDeadline(2000)
  const outcome = deadline.within(new Promise(() => {})).then(
    () => 'settled',
    () => 'rejected',
  )
  await vi.advanceTimersByTimeAsync(1999)
  expect(await Promise.race([outcome, Promise.resolve('waiting')])).toBe('waiting')
  await vi.advanceTimersByTimeAsync(501)
  expect(await outcome).toBe('rejected')
  deadline.close()
})

it('R0.7 leaves work alone that settles in time, whichever way', async () => {
  const deadline = createDeadline(2000)
  await expect(deadline.within(Promise.resolve(7))).resolves.toBe(7)
  await expect(deadline.within(Promise.reject(new Error('own')))).rejects.toThrow('own')
  deadline.close()
})
