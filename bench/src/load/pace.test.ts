import { describe, expect, it } from 'vitest'
import { drive } from './pace.ts'

const refused = () => Promise.reject(new Error('the stream was reset'))

describe('the pace of a load', () => {
  it.each([
    ['by rate', { perSecond: 1000, durationMs: 20 }],
    ['by streams', { streams: 4, requests: 8 }],
  ])('fails with the first question that fails, and leaves no failure to end the process: %s', async (_name, pace) => {
    await expect(drive(refused, pace)).rejects.toThrow('the stream was reset')
  })

  it('asks as many questions as it was told to, or as are due', async () => {
    let asked = 0
    const ask = async () => {
      asked += 1
    }
    await drive(ask, { streams: 3, requests: 10 })
    expect(asked).toBe(10)
    await drive(ask, { perSecond: 100, durationMs: 100 })
    expect(asked).toBeGreaterThan(10)
    expect(asked).toBeLessThanOrEqual(20)
  })
})
