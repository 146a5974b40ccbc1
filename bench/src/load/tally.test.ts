import { describe, expect, it } from 'vitest'
import { createTally } from './tally.ts'

describe('the tally of a load', () => {
  it('counts answers, keeps the first wrong one in words and the latest assertion', () => {
    const tally = createTally()
    const sentAtMs = performance.now()
    for (const surprise of [undefined, 'good token: 503', 'bad token: 200']) {
      tally.count(sentAtMs, surprise)
    }
    for (const assertion of ['a', 'b']) tally.keep(assertion)
    expect(tally.result()).toMatchObject({
      answered: 3,
      surprises: 2,
      surprise: 'good token: 503',
      assertion: 'b',
    })
  })

  it('gives no result when nothing was answered', () => {
    expect(() => createTally().result()).toThrow('nothing was answered')
  })
})
