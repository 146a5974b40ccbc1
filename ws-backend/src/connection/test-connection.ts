// A connection over a socket of a test's own, with everything around it noted in order. Test code only; on fake timers.

import type { RefreshAnswer, RefreshRequest } from '@sallyport/contracts/authority-questions'
import type { Identity } from '@sallyport/contracts/identity'
import { createLog } from '@sallyport/service-kit/log'
import { vi } from 'vitest'
import { testIdentity } from '../testing/test-backend.ts'
import { SocketConnection } from './connection.ts'
import { type ConnectionLimits, defaultLimits } from './connection-limits.ts'

export type TestConnectionOptions = Partial<Identity> & {
  readonly early?: readonly string[]
  readonly limits?: Partial<ConnectionLimits>
}

type Sent = {
  readonly type: string
  readonly id?: string
  readonly data?: Readonly<Record<string, unknown>>
}

/** Builds it in phase `checking`; the identity is alice's, for a minute, but for what the options change. */
export function makeConnection({
  early = [],
  limits = {},
  ...changes
}: TestConnectionOptions = {}) {
  /** What it did, in order: to its socket, and to its neighbours. */
  const done: string[] = []
  const sent: Sent[] = []
  /** When each of `sent` was, on the connection's clock. */
  const sentAtMs: number[] = []
  const pings: string[] = []
  const buffer = { bytes: 0 }
  const clock = { lagMs: 0, wallLeapMs: 0 }
  const chance = { of: 0 }
  const now = () => performance.now() + clock.lagMs
  const lines: Record<string, unknown>[] = []
  const handle = vi.fn()
  const held = { is: false, waiting: [] as (() => void)[] }
  const release = () => {
    held.is = false
    for (const run of held.waiting.splice(0)) run()
  }
  const refresh = vi.fn<(request: RefreshRequest) => Promise<RefreshAnswer>>()
  const changePlace = vi.fn(() => true)
  const leaveForbidden = vi.fn<() => readonly string[]>(() => [])
  const onIdentityChanged = vi.fn((_: unknown, before: Identity) => {
    done.push(`changed ${before.sessionId}`)
  })
  const connection = new SocketConnection(
    {
      id: 'c1',
      identity: testIdentity({ ttlMs: 60_000, ...changes }),
      requestId: 'request-1',
      arrivedAtMs: now(),
      authorityFromMs: now(),
      early,
      socket: {
        send: (text) => {
          const message = JSON.parse(text) as Sent
          sent.push(message)
          sentAtMs.push(now())
          done.push(`send ${message.type}`)
        },
        close: (code) => done.push(`close ${code}`),
        terminate: () => done.push('terminate'),
        pause: () => done.push('pause'),
        resume: () => done.push('resume'),
        ping: (payload) => {
          done.push('ping')
          pings.push(payload)
        },
        bufferedBytes: () => buffer.bytes,
      },
    },
    {
      limits: { ...defaultLimits, ...limits },
      now,
      wallClock: () => new Date(Date.now() + clock.wallLeapMs),
      random: () => chance.of,
      hold: { isHeld: () => held.is, whenFree: (run) => void held.waiting.push(run) },
      handle,
      refresh,
      changePlace,
      leaveForbidden,
      onIdentityChanged,
      onDead: () => done.push('leave'),
      onEventDropped: () => done.push('event dropped'),
      onForgotten: (_, code) => done.push(`forgotten ${code}`),
      log: createLog('ws-backend', 'debug', { write: (text) => lines.push(JSON.parse(text)) }),
    },
  )
  const around = { held, release, handle, refresh, changePlace, leaveForbidden, onIdentityChanged }
  return { connection, done, sent, sentAtMs, now, pings, buffer, clock, chance, lines, ...around }
}

/** The same, welcomed, with a heartbeat that is in nobody's way; `done` and `sent` begin after that. */
export function makeLive(options: TestConnectionOptions = {}) {
  const limits = { heartbeatMs: 2 ** 31 - 1, ...options.limits }
  const made = makeConnection({ ...options, limits })
  made.connection.confirm()
  made.done.length = 0
  made.sent.length = 0
  return made
}

export type TestConnection = ReturnType<typeof makeConnection>

/** What every orderly end does, from the mark to the wait for the peer's answer. */
export function goodbyeOf(code: number): readonly string[] {
  return ['leave', 'send disconnect', `close ${code}`, 'resume']
}

/** The same for a peer that could not be told. */
export function cutOf(code: number): readonly string[] {
  return ['leave', 'terminate', `forgotten ${code}`]
}

/** A message as a client sends it. */
export function text(type: string, data: object, id?: string): string {
  return JSON.stringify({ type, ...(id !== undefined && { id }), data })
}
