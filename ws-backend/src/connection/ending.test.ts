// The ways in which the authority under a socket ends, or is put off: marked with many others, announced, by an
// operator, at its expiry; idle, busy, unread.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { testIdentity } from '../testing/test-backend.ts'
import { defaultLimits } from './connection-limits.ts'
import { cutOf, goodbyeOf, makeConnection, makeLive, text } from './test-connection.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const dayMs = 86_400_000
const { endGraceMs } = defaultLimits
const subscribe = text('subscribe', { channel: 'room:a' })
const later = { ...testIdentity().generation, session: 1 }
const margin = (inMs: number) => ({
  type: 'auth.expiring',
  data: { inMs, reason: 'revoked-with-margin' },
})

describe('a connection that is marked dead', () => {
  it('SES-3 W87 RX.1 handles and sends nothing from the mark on, and is told later', () => {
    const { connection, done, handle } = makeLive()
    connection.markDead('sessionRevoked')
    expect(done).toEqual([])
    connection.receiveText(subscribe)
    connection.receiveBinary()
    connection.send('{"type":"ack"}')
    connection.sendEvent('{"type":"event"}')
    connection.endWithin(1000, 'sessionRevoked')
    connection.confirm()
    vi.advanceTimersByTime(endGraceMs - 1)
    expect(done).toEqual([])
    expect([handle.mock.calls.length, connection.isLive()]).toEqual([0, false])
    connection.sayGoodbye()
    expect(done).toEqual(goodbyeOf(4410))
  })

  it('W87 is cut a grace after the mark, however late its goodbye is', () => {
    const { connection, done } = makeLive()
    connection.markDead('sessionRevoked')
    vi.advanceTimersByTime(endGraceMs - 1)
    connection.sayGoodbye()
    vi.advanceTimersByTime(1)
    expect(done.slice(-2)).toEqual(['terminate', 'forgotten 4410'])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('W88 is cut at a moment of its own within the grace, so that many are not cut at once', () => {
    for (const [of, cutMs] of [
      [0, endGraceMs],
      [0.5, endGraceMs * 0.75],
      [1 - Number.EPSILON, endGraceMs / 2],
    ] as const) {
      const { connection, done, chance } = makeLive()
      chance.of = of
      connection.markDead('sessionRevoked')
      connection.sayGoodbye()
      vi.advanceTimersByTime(cutMs - 1)
      expect(done).not.toContain('terminate')
      vi.advanceTimersByTime(1)
      expect(done).toContain('terminate')
    }
  })

  it('W87 is cut a grace after the mark when nobody says goodbye', () => {
    const { connection, done } = makeLive()
    connection.markDead('unavailable')
    vi.advanceTimersByTime(endGraceMs)
    expect(done).toEqual(cutOf(4503))
    connection.sayGoodbye()
    expect(done).toEqual(cutOf(4503))
    expect(vi.getTimerCount()).toBe(0)
  })

  it('W87 is cut instead of told when the goodbye would wait behind a long queue', () => {
    const { connection, done, buffer } = makeLive()
    connection.markDead('sessionRevoked')
    buffer.bytes = defaultLimits.maxBytesBeforeGoodbye + 1
    connection.sayGoodbye()
    expect(done).toEqual(cutOf(4410))
  })

  it('keeps its reason, is told once, and is counted once', () => {
    const { connection, done } = makeLive()
    connection.markDead('sessionRevoked')
    connection.markDead('tokenInvalid')
    connection.end('tokenInvalid')
    connection.endByOperator()
    connection.sayGoodbye()
    connection.sayGoodbye()
    connection.socketClosed(1000)
    expect(done).toEqual([...goodbyeOf(4410), 'forgotten 4410'])
  })

  it('is not told when its peer went first', () => {
    const { connection, done } = makeLive()
    connection.markDead('sessionRevoked')
    connection.socketClosed(1006)
    connection.sayGoodbye()
    expect(done).toEqual(['leave', 'forgotten 4410'])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('RX.2 is never welcomed when the mark fell into its check', () => {
    const { connection, done, handle } = makeConnection({ early: [subscribe] })
    connection.markDead('sessionRevoked')
    connection.confirm()
    connection.sayGoodbye()
    vi.advanceTimersByTime(endGraceMs)
    expect(done).not.toContain('send welcome')
    expect(handle).not.toHaveBeenCalled()
  })

  it('W87 drops what it had already read and not yet handled', () => {
    const { connection, done, handle } = makeConnection({ early: [subscribe, subscribe] })
    handle.mockImplementation(() => connection.markDead('sessionRevoked'))
    connection.confirm()
    expect(handle).toHaveBeenCalledTimes(1)
    expect(done.filter((what) => what.startsWith('send'))).toEqual(['send welcome'])
  })

  it('has nothing to say when it was not marked', () => {
    const { connection, done } = makeLive()
    connection.sayGoodbye()
    expect([done, connection.isLive()]).toEqual([[], true])
  })
})

describe('an end by an operator', () => {
  it('SES-7 is 4409 with leave to return, in the advice and the log', () => {
    const { connection, done, sent, lines } = makeLive()
    connection.endByOperator()
    expect(done).toEqual(goodbyeOf(4409))
    expect(sent).toMatchObject([
      { data: { code: 4409, reason: 'ended-by-operator', reconnect: true, refresh: false } },
    ])
    vi.advanceTimersByTime(endGraceMs)
    expect(lines.at(-1)).toMatchObject({ code: 4409, reason: 'ended-by-operator' })
  })
})

describe('an announced end', () => {
  it('is told at once and comes on time, with its name', () => {
    const { connection, done, sent } = makeLive()
    connection.endWithin(10_000, 'sessionRevoked')
    expect(sent).toEqual([margin(10_000)])
    expect(connection.expiresInMs()).toBe(10_000)
    vi.advanceTimersByTime(9999)
    expect(connection.isLive()).toBe(true)
    vi.advanceTimersByTime(1)
    expect(done.slice(1)).toEqual(goodbyeOf(4410))
  })

  it('counts although its timer could not fire yet', () => {
    const { connection, done, clock } = makeLive()
    connection.endWithin(10_000, 'sessionRevoked')
    clock.lagMs = 10_000
    connection.send('{"type":"ack"}')
    expect(done.slice(1)).toEqual(goodbyeOf(4410))
  })

  it('never lengthens: its own end comes first, with its own name', () => {
    const { connection, done, sent } = makeLive({ ttlMs: 5000 })
    connection.endWithin(10_000, 'sessionRevoked')
    expect(sent).toEqual([margin(5000)])
    vi.advanceTimersByTime(5000)
    expect(done).toContain('close 4401')
  })

  it('of two the earlier counts, and the later is not even told', () => {
    const { connection, done, sent } = makeLive()
    connection.endWithin(10_000, 'sessionRevoked')
    connection.endWithin(20_000, 'tokenInvalid')
    connection.endWithin(4000, 'tokenInvalid')
    expect(sent).toEqual([margin(10_000), margin(4000)])
    vi.advanceTimersByTime(4000)
    expect(done).toContain('close 4401')
  })

  it('that falls into the check is told after the welcome, which counts it already', () => {
    const { connection, sent } = makeConnection()
    connection.endWithin(10_000, 'sessionRevoked')
    expect(sent).toEqual([])
    vi.advanceTimersByTime(1000)
    connection.confirm()
    expect(sent).toMatchObject([{ type: 'welcome', data: { ttlMs: 9000 } }, margin(9000)])
  })

  it.each([
    ['stays when the same login is refreshed', {}, 5000],
    ['is lifted by a later generation', { generation: later }, 300_000],
    ['is lifted by a login into another session', { sessionId: 'session-2' }, 300_000],
  ])('RX.3 %s', async (_, changes, expectedMs) => {
    const { connection, sent, refresh } = makeLive()
    refresh.mockResolvedValue({
      outcome: 'refreshed',
      identity: testIdentity({ ttlMs: 300_000, ...changes }),
    })
    connection.endWithin(5000, 'sessionRevoked')
    connection.receiveText(text('auth.refresh', { token: 'a.b.c' }))
    await vi.advanceTimersByTimeAsync(0)
    expect(sent.at(-1)).toMatchObject({ type: 'auth.ok', data: { ttlMs: expectedMs } })
    expect(connection.expiresInMs()).toBe(expectedMs)
  })
})

describe('an extension', () => {
  const older = { id: 't1', keyId: 'k', issuedAtMs: 1000 }
  const newer = { id: 't2', keyId: 'k', issuedAtMs: 2000 }
  const byCookie = { way: 'token-cookie', ttlMs: 60_000, token: older } as const
  const inMs = (ms: number) => Date.now() + ms

  it('R3.7 moves the end of a socket that came by the token cookie, and tells it', () => {
    const { connection, done, sent } = makeLive(byCookie)
    connection.extendUntil(inMs(600_000), newer)
    expect(sent).toEqual([
      { type: 'auth.ok', data: { ttlMs: 600_000, refreshAfterMs: 510_000, lost: [] } },
    ])
    vi.advanceTimersByTime(599_999)
    expect(connection.isLive()).toBe(true)
    vi.advanceTimersByTime(1)
    expect(done).toContain('close 4401')
  })

  it('RX.3 puts the socket on the new token, and whoever indexes by it knows before it is told', () => {
    const { connection, done, onIdentityChanged } = makeLive(byCookie)
    const before = connection.identity
    connection.extendUntil(inMs(600_000), newer)
    expect(connection.identity).toEqual({ ...before, token: newer })
    expect(onIdentityChanged.mock.calls).toEqual([[connection, before]])
    expect(done).toEqual(['changed session-1', 'send auth.ok'])
  })

  it('RX.3 tells nobody that it goes on when the new token turns out to be revoked', () => {
    const { connection, sent, onIdentityChanged } = makeLive(byCookie)
    onIdentityChanged.mockImplementation(() => connection.end('tokenInvalid'))
    connection.extendUntil(inMs(600_000), newer)
    expect(sent.map(({ type }) => type)).toEqual(['disconnect'])
  })

  it.each([
    ['that comes again', 600_000, 0],
    ['that is older and comes late', 300_000, 0],
    ['that is older and comes late, after the wall clock was set back', 300_000, -3_600_000],
  ])('RX.3 %s leaves the socket on the token it has', (_, ms, wallLeapMs) => {
    const { connection, sent, clock, onIdentityChanged } = makeLive(byCookie)
    const [latestMs, earlierMs] = [inMs(600_000), inMs(ms)]
    connection.extendUntil(latestMs, newer)
    clock.wallLeapMs = wallLeapMs
    connection.extendUntil(earlierMs, { ...newer, id: 'late' })
    expect([connection.identity.token, connection.expiresInMs()]).toEqual([newer, 600_000])
    expect([onIdentityChanged.mock.calls.length, sent.length]).toEqual([1, 1])
  })

  it.each([
    'session-cookie',
    'authorization',
    'subprotocol',
    'ticket',
    'first-message',
  ] as const)('is nothing to a socket that came by %s', (way) => {
    const { connection, sent } = makeLive({ ...byCookie, way })
    connection.extendUntil(inMs(600_000), newer)
    expect([sent, connection.expiresInMs()]).toEqual([[], 60_000])
    expect(connection.identity.token).toBe(older)
  })

  it.each([
    ['further than a day', 1000 * dayMs, dayMs],
    ['without end', Number.POSITIVE_INFINITY, dayMs],
    ['to where it is', 60_000, 60_000],
    ['to an earlier end', 1000, 60_000],
    ['into the past', -1000, 60_000],
    ['to no time at all', Number.NaN, 60_000],
  ])('W89 W90 %s reaches no further than it may, and shortens nothing', (_, ms, expectedMs) => {
    const { connection } = makeLive(byCookie)
    connection.extendUntil(inMs(ms), newer)
    expect(connection.expiresInMs()).toBe(expectedMs)
    expect(connection.identity.token).toBe(expectedMs > 60_000 ? newer : older)
  })

  it('W89 reaches no further than a day although the wall clock was set back', () => {
    const { connection, clock } = makeLive(byCookie)
    clock.wallLeapMs = -365 * dayMs
    connection.extendUntil(inMs(600_000), newer)
    expect(connection.expiresInMs()).toBe(dayMs)
  })

  it('is nothing while its end is announced, nor to the dead and the overdue', () => {
    const ended = [
      makeLive(byCookie),
      makeLive(byCookie),
      makeLive(byCookie),
      makeLive(byCookie),
    ] as const
    ended[0].connection.endWithin(10_000, 'sessionRevoked')
    ended[1].connection.markDead('sessionRevoked')
    ended[2].connection.end('sessionRevoked')
    ended[3].clock.lagMs = 60_000
    for (const { connection, sent } of ended) {
      connection.extendUntil(inMs(600_000), newer)
      expect(connection.expiresInMs()).toBeLessThanOrEqual(60_000)
      expect(connection.identity.token).toBe(older)
      expect(sent.map(({ type }) => type)).not.toContain('auth.ok')
    }
    vi.advanceTimersByTime(60_000 + endGraceMs)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('that falls into the check counts, and the welcome says so', () => {
    const { connection, sent } = makeConnection(byCookie)
    connection.extendUntil(inMs(600_000), newer)
    connection.confirm()
    expect(sent).toMatchObject([{ type: 'welcome', data: { ttlMs: 600_000 } }])
  })
})

describe('an expiry', () => {
  it('SES-3 ends an idle socket, after one warning', () => {
    const { done, sent } = makeLive({ ttlMs: 20_000 })
    vi.advanceTimersByTime(20_000)
    expect(done).toEqual(['send auth.expiring', ...goodbyeOf(4401)])
    expect(sent[0]).toEqual({ type: 'auth.expiring', data: { inMs: 5000, reason: 'expiry' } })
  })

  it('SES-3 ends a busy socket between two messages of one read', () => {
    const { connection, done, clock, handle } = makeLive({ ttlMs: 20_000 })
    handle.mockImplementation(() => {
      clock.lagMs = 20_000
    })
    for (let n = 0; n < 3; n += 1) connection.receiveText(subscribe)
    expect(handle).toHaveBeenCalledTimes(1)
    expect(done).toEqual(goodbyeOf(4401))
  })

  it('W91 ends a socket that is paused because it is still being checked', () => {
    const { done } = makeConnection({ ttlMs: 20_000, early: [subscribe] })
    vi.advanceTimersByTime(20_000)
    expect(done).toEqual(['pause', ...goodbyeOf(4401)])
  })

  it('W91 cuts a socket that does not read what is sent, its warning included', () => {
    const { done, buffer } = makeLive({ ttlMs: 20_000 })
    buffer.bytes = defaultLimits.maxBytesBeforeGoodbye + 1
    vi.advanceTimersByTime(20_000)
    expect(done).toEqual(['send auth.expiring', ...cutOf(4401)])
  })

  it('W89 is no earlier for a clock that is set, and no later', () => {
    for (const wallLeapMs of [-10 * dayMs, -600_000, -5000, 5000]) {
      const { connection, clock } = makeLive({ ttlMs: 20_000 })
      clock.wallLeapMs = wallLeapMs
      vi.advanceTimersByTime(19_999)
      expect(connection.isLive()).toBe(true)
      vi.advanceTimersByTime(1)
      expect(connection.isLive()).toBe(false)
    }
  })
})
