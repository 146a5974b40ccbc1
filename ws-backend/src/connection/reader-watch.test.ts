import { describe, expect, it } from 'vitest'
import { createReaderWatch } from './reader-watch.ts'

const maxBufferedBytes = 1000
const maxStalledMs = 5000

function make() {
  const clock = { ms: 0 }
  return { clock, judge: createReaderWatch({ maxBufferedBytes, maxStalledMs }, () => clock.ms) }
}

describe('a reader', () => {
  it('LIM-4 keeps up as long as it leaves no more unread than it may', () => {
    const { clock, judge } = make()
    for (clock.ms = 0; clock.ms < 100_000; clock.ms += 1000) {
      expect(judge(maxBufferedBytes)).toBe('keeps-up')
    }
  })

  it('LIM-4 is full at once above that, and stalled when nothing was read for as long as it may', () => {
    const { clock, judge } = make()
    expect(judge(1001)).toBe('full')
    clock.ms = maxStalledMs - 1
    // An answer came on top of it.
    expect(judge(1100)).toBe('full')
    clock.ms = maxStalledMs
    expect(judge(1100)).toBe('stalled')
  })

  it('LIM-4 has as long again each time it read something', () => {
    const { clock, judge } = make()
    judge(1500)
    for (const bytes of [1400, 1300, 1200]) {
      clock.ms += maxStalledMs
      expect(judge(bytes)).toBe('full')
    }
    clock.ms += maxStalledMs
    expect(judge(1200)).toBe('stalled')
  })

  it('LIM-4 is judged anew after it had room', () => {
    const { clock, judge } = make()
    judge(1500)
    clock.ms = 4000
    expect(judge(10)).toBe('keeps-up')
    clock.ms = maxStalledMs
    expect(judge(1500)).toBe('full')
  })
})
