// In which order a feed's places are said to be applied.

import { describe, expect, it } from 'vitest'
import { createAppliedOrder } from './applied-order.ts'

function make() {
  const said: (number | 'proved')[] = []
  const order = createAppliedOrder<number>({
    onApplied: (position) => said.push(position),
    onProved: () => said.push('proved'),
  })
  return { order, said }
}

describe('the order in which a feed is applied', () => {
  it('RX.1 is the order of its lines, at once, while nothing takes its time', () => {
    const { order, said } = make()
    order.reached(1)
    order.proved()
    order.reached(2)
    expect(said).toEqual([1, 'proved', 2])
  })

  it('RX.1 lets later places wait for what is not done, and says the furthest of those that are', async () => {
    const { order, said } = make()
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    order.caused(first.promise)
    order.reached(1)
    order.reached(2)
    order.caused(second.promise)
    order.reached(3)
    order.proved()
    second.resolve()
    await second.promise
    expect(said).toEqual([])
    first.resolve()
    await Promise.resolve()
    await Promise.resolve()
    expect(said).toEqual([2, 3, 'proved'])
    order.reached(4)
    expect(said.at(-1)).toBe(4)
  })
})
