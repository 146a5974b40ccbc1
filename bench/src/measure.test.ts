import { describe, expect, it } from 'vitest'
import { interleave, median, percentile, ratioOfRounds, spreadOf } from './measure.ts'

describe('the arithmetic of a comparison', () => {
  it.each([
    [[3], 3],
    [[9, 1, 5], 5],
    [[4, 1, 2, 3], 2.5],
    [[10, 9, 100], 10],
  ])('the median of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected)
  })

  it('refuses a median of nothing', () => {
    expect(() => median([])).toThrow('needs a value')
  })

  it.each([
    [100, 0.99, 99],
    [100, 0.5, 50],
    [101, 0.99, 100],
    [1, 0.99, 1],
    [3, 0, 1],
  ])('of 1 to %d the share %d does not exceed %d', (count, share, expected) => {
    const values = Array.from({ length: count }, (_, index) => count - index)
    expect(percentile(values, share)).toBe(expected)
  })

  it('refuses a percentile of nothing', () => {
    expect(() => percentile([], 0.99)).toThrow('needs a value')
  })

  it('gives the range beside the median and leaves the values in their order', () => {
    const values = [0.8, 0.7, 0.9]
    expect(spreadOf(values)).toEqual({ median: 0.8, low: 0.7, high: 0.9 })
    expect(values).toEqual([0.8, 0.7, 0.9])
  })

  it('takes turns, so that no subject is measured twice in a row', async () => {
    const order: string[] = []
    const rounds = await interleave(['a', 'b'], 3, async (name, round) => {
      order.push(`${name}${round}`)
      return order.length
    })
    expect(order).toEqual(['a1', 'b1', 'a2', 'b2', 'a3', 'b3'])
    expect(rounds).toEqual([
      { a: 1, b: 2 },
      { a: 3, b: 4 },
      { a: 5, b: 6 },
    ])
  })

  it('starts a sample only when the one before is done', async () => {
    let running = 0
    await interleave(['a', 'b'], 2, async () => {
      running += 1
      await Promise.resolve()
      expect(running).toBe(1)
      running -= 1
    })
    expect(running).toBe(0)
  })

  it('forms each ratio inside its round: a machine that slows down changes nothing', () => {
    const rounds = [
      { real: 80, floor: 100 },
      { real: 40, floor: 50 },
      { real: 8, floor: 10 },
    ]
    const ratio = ratioOfRounds(
      rounds,
      (round) => round.real,
      (round) => round.floor,
    )
    expect(ratio).toEqual({ median: 0.8, low: 0.8, high: 0.8 })
  })
})
