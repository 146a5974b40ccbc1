// A pending socket over a transport of the test's own, where real time and real reads would be in the way.

import type { AuthenticateAnswer } from '@sallyport/contracts/authority-questions'
import { createLog } from '@sallyport/service-kit/log'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { testIdentity } from '../testing/test-backend.ts'
import { defaultLimits } from './connection-limits.ts'
import { PendingConnection } from './pending-connection.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function make(authenticate = (): Promise<AuthenticateAnswer> => new Promise(() => {})) {
  const done: string[] = []
  const lines: string[] = []
  const clock = { lagMs: 0 }
  const watchers = new Set<(count: number) => void>()
  const now = () => performance.now() + clock.lagMs
  const successor = {
    receiveText: vi.fn(),
    receiveBinary: vi.fn(),
    receivePong: vi.fn(),
    transportFailed: vi.fn(),
    socketClosed: vi.fn(),
    end: vi.fn(),
  }
  const takeOver = vi.fn(() => successor)
  const connection = new PendingConnection(
    {
      id: 'p1',
      pending: { route: 'websocket', clientAddress: '192.0.2.1' },
      requestId: 'request-1',
      arrivedAtMs: now(),
      socket: {
        send: (text) => done.push(`send ${JSON.parse(text).type}`),
        close: (code) => done.push(`close ${code}`),
        terminate: () => done.push('terminate'),
        pause: () => done.push('pause'),
        resume: () => done.push('resume'),
        ping: () => done.push('ping'),
        bufferedBytes: () => 0,
        watchBytes(listener) {
          watchers.add(listener)
          return () => watchers.delete(listener)
        },
      },
    },
    {
      limits: defaultLimits,
      now,
      wallClock: () => new Date(),
      authenticate,
      takeOver,
      onHandedOver: () => done.push('handed over'),
      onForgotten: (_, code) => done.push(`forgotten ${code}`),
      log: createLog('ws-backend', 'debug', { write: (text) => void lines.push(text) }),
    },
  )
  const read = (count: number) => {
    for (const watcher of watchers) watcher(count)
  }
  return { connection, done, lines, clock, watchers, read, successor, takeOver }
}

const first = '{"type":"authenticate","data":{"token":"SECRET"}}'
const ended = (code: number) => ['send disconnect', `close ${code}`, 'resume']
const alice = { outcome: 'authenticated', identity: testIdentity() } as const

describe('a pending connection', () => {
  it('R1.3 ends with 4408 at its deadline and leaves no timer behind', () => {
    const { connection, done } = make()
    vi.advanceTimersByTime(defaultLimits.authenticateDeadlineMs - 1)
    expect(done).toEqual([])
    vi.advanceTimersByTime(1)
    expect(done).toEqual(ended(4408))
    connection.receiveText(first)
    vi.advanceTimersByTime(defaultLimits.endGraceMs)
    expect(done.slice(3)).toEqual(['terminate', 'forgotten 4408'])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('R1.3 counts a deadline that passed although its timer could not fire yet', () => {
    const authenticate = vi.fn()
    const { connection, done, clock } = make(authenticate)
    clock.lagMs = defaultLimits.authenticateDeadlineMs
    connection.receiveText(first)
    expect(done).toEqual(ended(4408))
    expect(authenticate).not.toHaveBeenCalled()
  })

  it('R1.3 has met its deadline once its message is there: a slow answer is not the fault of the client', () => {
    const { connection, done, watchers } = make()
    connection.receiveText(first)
    vi.advanceTimersByTime(10 * defaultLimits.authenticateDeadlineMs)
    expect(done).toEqual(['pause'])
    expect([watchers.size, vi.getTimerCount()]).toEqual([0, 0])
  })

  it('FMA-1 is cut at its bytes and at its reads, and not before', () => {
    const bytes = make()
    bytes.read(defaultLimits.maxPendingBytes)
    expect(bytes.done).toEqual([])
    bytes.read(1)
    expect(bytes.done).toEqual(ended(1009))
    const reads = make()
    for (let n = 0; n < defaultLimits.maxPendingReads; n += 1) reads.read(1)
    expect(reads.done).toEqual([])
    reads.read(1)
    expect(reads.done).toEqual(ended(1008))
  })

  it('FMA-3 keeps what came behind for whoever takes over, and passes everything on from then', async () => {
    const { connection, done, successor, takeOver } = make(() => Promise.resolve(alice))
    for (const text of [first, 'one', 'two']) connection.receiveText(text)
    await vi.advanceTimersByTimeAsync(0)
    expect(takeOver).toHaveBeenCalledWith(
      expect.objectContaining({ id: 'p1', identity: alice.identity, early: ['one', 'two'] }),
    )
    expect(done).toEqual(['pause', 'handed over'])
    connection.receiveText('three')
    connection.receiveBinary()
    connection.receivePong('x')
    connection.transportFailed('protocolError')
    connection.socketClosed(1000)
    connection.end('serviceRestart', 700)
    expect(successor.receiveText.mock.calls).toEqual([['three']])
    expect(successor.receiveBinary).toHaveBeenCalledTimes(1)
    expect(successor.receivePong.mock.calls).toEqual([['x']])
    expect(successor.end.mock.calls).toEqual([
      ['protocolError', undefined],
      ['serviceRestart', 700],
    ])
    expect(successor.socketClosed.mock.calls).toEqual([[1000]])
  })

  it('FMA-3 is nobody any more once it ended, whatever the answer says', async () => {
    for (const leave of ['end', 'close'] as const) {
      const { connection, takeOver } = make(() => Promise.resolve(alice))
      connection.receiveText(first)
      if (leave === 'end') connection.receiveBinary()
      else connection.socketClosed(1006)
      await vi.advanceTimersByTimeAsync(0)
      expect(takeOver).not.toHaveBeenCalled()
    }
  })

  it('ends with 1003 for a binary frame behind the first message', () => {
    const { connection, done } = make()
    connection.receiveText(first)
    connection.receiveBinary()
    expect(done).toEqual(['pause', ...ended(1003)])
  })

  it('RX.11 cuts a socket that nobody could take over, and says so', async () => {
    const { connection, done, lines, takeOver } = make(() => Promise.resolve(alice))
    takeOver.mockImplementation(() => {
      throw new Error('a bug')
    })
    connection.receiveText(first)
    await vi.advanceTimersByTimeAsync(0)
    expect(done).toEqual(['pause', 'terminate', 'handed over'])
    connection.socketClosed(1006)
    expect(lines.map((line) => JSON.parse(line).level)).toEqual(['error'])
  })

  it('R0.7 SEC-1 logs an outage without a word of the token', async () => {
    const { connection, done, lines } = make(() => Promise.reject(new Error('unreachable')))
    connection.receiveText(first)
    await vi.advanceTimersByTimeAsync(0)
    expect(done).toEqual(['pause', ...ended(4504)])
    expect(lines.join('')).not.toContain('SECRET')
    expect(lines).toHaveLength(1)
  })
})
