import { describe, expect, it } from 'vitest'
import { feedLagMs, lastMessageMs, percentileOf, recheckShare } from './figures-of-samples.ts'

const figure = { id: 'x', unit: 'ms', at: 'here', goal: { atMost: 50 } }
const round = { answeredMs: 5, lastDeliveredMs: 3, lastHeardMs: 4, closedMs: 9, endedMs: 10 }

describe('rows of samples', () => {
  const samples = Array.from({ length: 200 }, (_, index) => 200 - index)

  it.each([
    [0.5, 100],
    [0.99, 198],
    [1, 200],
  ])('the share %d of 1 to 200 is %d, between the shortest and the longest', (share, value) => {
    expect(percentileOf(figure, samples, share)).toEqual({ ...figure, value, spread: [1, 200] })
  })

  it('say how they were taken when there is something to say', () => {
    expect(percentileOf(figure, [1], 1, 'from outside')).toMatchObject({ note: 'from outside' })
  })
})

describe('one revocation', () => {
  it('lasts until nothing comes to the socket, nor from it to others', () => {
    expect(lastMessageMs(round)).toBe(4)
    expect(lastMessageMs({ ...round, lastDeliveredMs: 0, lastHeardMs: 0 })).toBe(0)
  })

  it('has a lag below zero when the close was seen before the answer', () => {
    expect(feedLagMs(round)).toBe(4)
    expect(feedLagMs({ ...round, closedMs: 3 })).toBe(-2)
  })
})

describe('the periodic question', () => {
  const wanted = { sockets: 10_000, intervalSeconds: 30 }

  it('costs what the sockets add, as often and about as many as is wanted', () => {
    const sample = { busy: 0.07, calm: 0.01, sockets: 5000, intervalSeconds: 5 }
    expect(recheckShare(sample, wanted)).toBeCloseTo(0.02, 10)
  })

  it('never costs less than nothing', () => {
    const sample = { busy: 0.01, calm: 0.02, sockets: 10_000, intervalSeconds: 5 }
    expect(recheckShare(sample, wanted)).toBe(0)
  })
})
