import { describe, expect, it } from 'vitest'
import { parseCoreTime, readCoreTime } from './core-time.ts'

describe('time on a core', () => {
  it('is told beside the time waited for one', () => {
    expect(parseCoreTime('262284063 42000000 1093\n')).toEqual({ ranMs: 262.284063, waitedMs: 42 })
  })

  it.each(['', '5', 'a b c'])('is not read out of %j', (text) => {
    expect(() => parseCoreTime(text)).toThrow('no times')
  })

  it('grows with what a process does', () => {
    const before = readCoreTime(process.pid).ranMs
    for (const endsAtMs = performance.now() + 30; performance.now() < endsAtMs; );
    expect(readCoreTime(process.pid).ranMs).toBeGreaterThan(before)
  })
})
