// Every state × every event, and random walks over them. No timers, no sockets.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type ConnectionEvent,
  type ConnectionState,
  freshProgress,
  initialState,
  next,
  progressOf,
} from './connection-state.ts'

const used = { attempt: 2, secondChanceUsed: true }
const waiting = {
  phase: 'waiting-for-token',
  ...used,
  reason: 'reconnect',
  delayMs: 0,
  parked: false,
} as const

const states = {
  idle: initialState,
  waiting,
  asking: { ...waiting, reason: 'refused', delayMs: 700 },
  parked: { ...waiting, parked: true },
  connecting: { phase: 'connecting', ...used },
  open: { phase: 'open', ...used, connectionId: 'c1' },
  backingOff: { phase: 'backing-off', ...used, delayMs: 900, category: 'server', code: 4503 },
  ended: { phase: 'ended', outcome: 'auth', code: 4410 },
} as const satisfies Record<string, ConnectionState>

function closedWith(decision: Extract<ConnectionEvent, { type: 'socket-closed' }>['decision']) {
  return { type: 'socket-closed', code: 4503, category: 'server', decision } as const
}

const events = {
  connect: { type: 'connect-requested' },
  disconnect: { type: 'disconnect-requested' },
  ready: { type: 'token-ready' },
  missing: { type: 'token-missing' },
  denied: { type: 'token-denied' },
  failed: { type: 'token-failed', delayMs: 800 },
  welcomed: { type: 'welcomed', connectionId: 'c2' },
  settled: { type: 'settled' },
  retry: closedWith({ action: 'retry', delayMs: 600 }),
  newToken: closedWith({ action: 'new-token' }),
  ask: closedWith({ action: 'ask', delayMs: 500 }),
  operator: { ...closedWith({ action: 'retry', delayMs: 600 }), code: 4409, byOperator: true },
  stop: closedWith({ action: 'stop', outcome: 'unknown' }),
  elapsed: { type: 'delay-elapsed' },
} as const satisfies Record<string, ConnectionEvent>

const failed = { attempt: 3, secondChanceUsed: true }
const asking = { phase: 'waiting-for-token', delayMs: 0, parked: false }
const anew = { ...asking, ...freshProgress, reason: 'connect' }
const again = { ...asking, ...used, reason: 'reconnect' }
const denied = { phase: 'ended', outcome: 'auth' }
const noToken = { phase: 'backing-off', ...failed, delayMs: 800, category: 'server' }
const connecting = { phase: 'connecting', ...used }
const idle = { phase: 'idle' }
const afterClose = {
  retry: { phase: 'backing-off', ...failed, delayMs: 600, category: 'server', code: 4503 },
  operator: {
    phase: 'backing-off',
    ...failed,
    delayMs: 600,
    category: 'server',
    code: 4409,
    byOperator: true,
  },
  newToken: { ...asking, ...failed, reason: 'expired' },
  ask: { ...asking, ...failed, reason: 'refused', delayMs: 500 },
  stop: { phase: 'ended', outcome: 'unknown', code: 4503 },
}

/** What changes; every pair that is not here must leave the state as it is. */
const changes: Record<keyof typeof states, Partial<Record<keyof typeof events, object>>> = {
  idle: { connect: anew },
  waiting: {
    disconnect: idle,
    ready: connecting,
    missing: { ...waiting, parked: true },
    denied,
    failed: noToken,
  },
  asking: {
    disconnect: idle,
    ready: { phase: 'backing-off', ...used, delayMs: 700, category: 'connection' },
    missing: { ...states.asking, parked: true },
    denied,
    failed: noToken,
  },
  parked: { disconnect: idle, connect: waiting },
  connecting: {
    disconnect: idle,
    welcomed: { phase: 'open', ...used, connectionId: 'c2' },
    ...afterClose,
  },
  open: { disconnect: idle, settled: { ...states.open, ...freshProgress }, ...afterClose },
  backingOff: { disconnect: idle, connect: again, elapsed: again },
  ended: { disconnect: idle, connect: anew },
}

describe('next', () => {
  const pairs = Object.keys(states).flatMap((state) =>
    Object.keys(events).map(
      (event) => [state, event] as [keyof typeof states, keyof typeof events],
    ),
  )

  it.each(pairs)('R0.8 has one defined result for %s × %s', (stateName, eventName) => {
    const state = states[stateName]
    const expected = changes[stateName][eventName]
    const result = next(state, events[eventName])
    if (expected) expect(result).toEqual(expected)
    else expect(result).toBe(state)
  })

  it('forgets nothing and changes nothing when a fresh open connection settles', () => {
    const fresh = { phase: 'open', ...freshProgress, connectionId: 'c1' } as const
    expect(next(fresh, events.settled)).toBe(fresh)
  })

  it('R2.5 remembers that an auth close has had its second chance', () => {
    const open = { phase: 'open', ...freshProgress, connectionId: 'c1' } as const
    const expired = next(open, { ...events.newToken, code: 4401, category: 'auth' })
    expect(progressOf(expired).secondChanceUsed).toBe(true)
    const policy = next(open, { ...events.ask, code: 1008, category: 'auth' })
    expect(progressOf(policy).secondChanceUsed).toBe(true)
    const lost = next(open, { ...events.ask, code: 1006, category: 'connection' })
    expect(progressOf(lost).secondChanceUsed).toBe(false)
  })
})

describe('random walks', () => {
  const anyEvent = fc.constantFrom(...Object.values<ConnectionEvent>(events))

  it('R2.8 R3.2 never reach connecting but by a token that was just asked for', () => {
    const walks = fc.array(anyEvent, { maxLength: 60 })
    fc.assert(
      fc.property(walks, (walk) => {
        let state: ConnectionState = initialState
        for (const event of walk) {
          const before = state
          state = next(before, event)
          if (state.phase !== 'connecting' || before.phase === 'connecting') continue
          expect(event.type).toBe('token-ready')
          expect(before).toMatchObject({ phase: 'waiting-for-token', parked: false })
        }
      }),
    )
  })

  it('always come to rest on disconnect, and come back from anywhere by connect', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), (walk) => {
        const reached = walk.reduce(next, initialState)
        expect(next(reached, events.disconnect)).toEqual(idle)
        const resumed = next(reached, events.connect)
        expect(['waiting-for-token', 'connecting', 'open']).toContain(resumed.phase)
        expect(resumed).not.toMatchObject({ parked: true })
      }),
    )
  })

  it('never leave ended without being asked to', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 20 }), (walk) => {
        const unasked = walk.filter(({ type }) => !type.endsWith('-requested'))
        expect(unasked.reduce(next, states.ended as ConnectionState)).toBe(states.ended)
      }),
    )
  })
})
