// When the authority under a socket ends and when that is warned of, on fake timers.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startAuthorityTerm } from './authority-term.ts'

const dayMs = 86_400_000
const yearMs = 365 * dayMs

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const now = () => performance.now()

/** A term of so long from now; what happens is noted with the time since then. */
function start(ttlMs: number) {
  const startMs = now()
  const noted: string[] = []
  const note = (what: string) => noted.push(`${what} ${Math.round(now() - startMs)}`)
  const term = startAuthorityTerm(
    {
      fromMs: startMs,
      deadlineMs: startMs + ttlMs,
      onExpiring: () => note('expiring'),
      onExpired: () => note(term.endsWith()),
    },
    { now, wallClock: () => new Date() },
  )
  return { term, noted }
}

describe('the term of an authority', () => {
  it.each([
    ['a short life', 1000, 750],
    ['two minutes, where both rules agree', 120_000, 90_000],
    ['ten minutes', 600_000, 570_000],
    ['2**31 ms, which a plain timer takes for now', 2 ** 31, 2 ** 31 - 30_000],
    ['25 days', 25 * dayMs, 25 * dayMs - 30_000],
    ['100 years', 100 * yearMs, 100 * yearMs - 30_000],
  ])('SES-3 W90 of %s is warned of once, and ends once', (_, ttlMs, warnedMs) => {
    const { term, noted } = start(ttlMs)
    term.startWarning()
    vi.advanceTimersByTime(ttlMs - 1)
    expect([noted, term.hasPassed()]).toEqual([[`expiring ${warnedMs}`], false])
    vi.advanceTimersByTime(1)
    expect([noted.slice(1), term.hasPassed()]).toEqual([[`tokenInvalid ${ttlMs}`], true])
    vi.advanceTimersByTime(dayMs)
    expect(noted).toHaveLength(2)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('W90 of Infinity is neither warned of nor ends, and needs no timer', () => {
    const { term, noted } = start(Number.POSITIVE_INFINITY)
    term.startWarning()
    expect([vi.getTimerCount(), term.remainingMs()]).toEqual([0, Number.POSITIVE_INFINITY])
    vi.advanceTimersByTime(1000 * dayMs)
    expect([noted, term.hasPassed()]).toEqual([[], false])
  })

  it('W90 of NaN is none', () => {
    expect(() => start(Number.NaN)).toThrow(RangeError)
    const { term, noted } = start(1000)
    expect(() => term.renew(Number.NaN)).toThrow(RangeError)
    expect(() => term.announce(Number.NaN, 'sessionRevoked')).toThrow(RangeError)
    vi.advanceTimersByTime(1000)
    expect(noted).toEqual(['tokenInvalid 1000'])
  })

  it('warns of nothing before it may, and then at once of an end that is near already', () => {
    const { term, noted } = start(1000)
    vi.advanceTimersByTime(900)
    expect(noted).toEqual([])
    term.startWarning()
    vi.advanceTimersByTime(1)
    expect(noted).toEqual(['expiring 900'])
  })

  it('R3.7 RX.3 renewed, it is warned of and ends anew, and not when it would have', () => {
    const { term, noted } = start(100_000)
    term.startWarning()
    vi.advanceTimersByTime(80_000)
    term.renew(now() + 100_000)
    expect(term.remainingMs()).toBe(100_000)
    vi.advanceTimersByTime(200_000)
    expect(noted).toEqual(['expiring 75000', 'expiring 155000', 'tokenInvalid 180000'])
  })

  it('R3.7 renewed before it may warn, it still warns of nothing', () => {
    const { term, noted } = start(1000)
    term.renew(now() + 2000)
    vi.advanceTimersByTime(1999)
    expect(noted).toEqual([])
    term.startWarning()
    vi.advanceTimersByTime(1)
    expect(noted).toContain('tokenInvalid 2000')
  })

  it('ends with the name of an announced end that comes first, and is not warned of besides', () => {
    const { term, noted } = start(100_000)
    term.startWarning()
    expect(term.announce(now() + 90_000, 'sessionRevoked')).toBe(true)
    expect([term.remainingMs(), term.endsWith()]).toEqual([90_000, 'sessionRevoked'])
    vi.advanceTimersByTime(90_000)
    expect([noted, term.hasPassed()]).toEqual([['sessionRevoked 90000'], true])
  })

  it('ends by itself when an announced end would come later', () => {
    const { term, noted } = start(1000)
    expect(term.announce(now() + 5000, 'sessionRevoked')).toBe(true)
    expect([term.remainingMs(), term.endsWith()]).toEqual([1000, 'tokenInvalid'])
    vi.advanceTimersByTime(1000)
    expect([noted, term.hasPassed()]).toEqual([['tokenInvalid 1000'], true])
  })

  it('takes an earlier announcement over a later one, and never the other way', () => {
    const { term, noted } = start(100_000)
    expect(term.announce(now() + 5000, 'sessionRevoked')).toBe(true)
    expect(term.announce(now() + 6000, 'tokenInvalid')).toBe(false)
    expect(term.announce(now() + 4000, 'tokenInvalid')).toBe(true)
    vi.advanceTimersByTime(10_000)
    expect(noted).toEqual(['tokenInvalid 4000'])
  })

  it('an announced end stays when it is renewed, and goes when it is withdrawn', () => {
    const { term, noted } = start(10_000)
    term.announce(now() + 5000, 'sessionRevoked')
    term.renew(now() + 60_000)
    expect([term.isAnnounced(), term.remainingMs()]).toEqual([true, 5000])
    term.withdraw()
    expect([term.isAnnounced(), term.remainingMs()]).toEqual([false, 60_000])
    vi.advanceTimersByTime(60_000)
    expect(noted).toEqual(['tokenInvalid 60000'])
  })

  it('W89 passes by the wall clock after a sleep, renewed or announced, and never because it was set back', () => {
    const { term } = start(1000)
    term.renew(now() + 60_000)
    vi.setSystemTime(Date.now() - 10 * dayMs)
    expect(term.hasPassed()).toBe(false)
    term.announce(now() + 2000, 'sessionRevoked')
    vi.setSystemTime(Date.now() + 2000 + 5000)
    expect(term.hasPassed()).toBe(false)
    vi.setSystemTime(Date.now() + 1)
    expect(term.hasPassed()).toBe(true)
    vi.setSystemTime(Date.now() - 10 * dayMs)
    vi.advanceTimersByTime(2000)
    expect(term.hasPassed()).toBe(true)
  })

  it('arms nothing after it was cancelled', () => {
    const { term, noted } = start(1000)
    term.startWarning()
    term.announce(now() + 500, 'sessionRevoked')
    term.cancel()
    expect(vi.getTimerCount()).toBe(0)
    vi.advanceTimersByTime(dayMs)
    expect(noted).toEqual([])
  })
})
