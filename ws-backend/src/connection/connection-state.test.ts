// Every phase with every event.

import { describe, expect, it } from 'vitest'
import { testIdentity } from '../testing/test-backend.ts'
import { type ConnectionEvent, type ConnectionState, next } from './connection-state.ts'

const states: Record<ConnectionState['phase'], ConnectionState> = {
  pending: { phase: 'pending' },
  authenticating: { phase: 'authenticating' },
  'handed-over': { phase: 'handed-over' },
  checking: { phase: 'checking' },
  live: { phase: 'live' },
  ending: { phase: 'ending', name: 'sessionRevoked' },
  ended: { phase: 'ended' },
}

const events = {
  tokenReceived: { type: 'token-received', token: 'a.b.c' },
  authenticated: { type: 'authenticated', identity: testIdentity() },
  confirmed: { type: 'confirmed' },
  endRequested: { type: 'end-requested', name: 'tokenInvalid', goodbye: 'possible' },
  endPointless: { type: 'end-requested', name: 'slowReader', goodbye: 'pointless' },
  socketClosed: { type: 'socket-closed', code: 1001 },
  graceElapsed: { type: 'grace-elapsed' },
} as const satisfies Record<string, ConnectionEvent>

const goodbye = ['mark-dead', 'send-advice', 'close', 'resume-reading', 'start-grace']
const cut = ['mark-dead', 'terminate', 'forget']

/** Every phase with every event: the phase that follows and the effects, in order. */
const table: [ConnectionState['phase'], keyof typeof events, ConnectionState['phase'], string[]][] =
  [
    ['pending', 'tokenReceived', 'authenticating', ['pause-reading', 'authenticate']],
    ['pending', 'authenticated', 'pending', []],
    ['pending', 'confirmed', 'pending', []],
    ['pending', 'endRequested', 'ending', goodbye],
    ['pending', 'endPointless', 'ended', cut],
    ['pending', 'socketClosed', 'ended', ['mark-dead', 'forget']],
    ['pending', 'graceElapsed', 'pending', []],
    ['authenticating', 'tokenReceived', 'authenticating', []],
    ['authenticating', 'authenticated', 'handed-over', ['hand-over']],
    ['authenticating', 'confirmed', 'authenticating', []],
    ['authenticating', 'endRequested', 'ending', goodbye],
    ['authenticating', 'endPointless', 'ended', cut],
    ['authenticating', 'socketClosed', 'ended', ['mark-dead', 'forget']],
    ['authenticating', 'graceElapsed', 'authenticating', []],
    ['handed-over', 'tokenReceived', 'handed-over', []],
    ['handed-over', 'authenticated', 'handed-over', []],
    ['handed-over', 'confirmed', 'handed-over', []],
    ['handed-over', 'endRequested', 'handed-over', []],
    ['handed-over', 'endPointless', 'handed-over', []],
    ['handed-over', 'socketClosed', 'handed-over', []],
    ['handed-over', 'graceElapsed', 'handed-over', []],
    ['checking', 'tokenReceived', 'checking', []],
    ['checking', 'authenticated', 'checking', []],
    ['checking', 'confirmed', 'live', ['send-welcome', 'handle-early', 'resume-reading']],
    ['checking', 'endRequested', 'ending', goodbye],
    ['checking', 'endPointless', 'ended', cut],
    ['checking', 'socketClosed', 'ended', ['mark-dead', 'forget']],
    ['checking', 'graceElapsed', 'checking', []],
    ['live', 'tokenReceived', 'live', []],
    ['live', 'authenticated', 'live', []],
    ['live', 'confirmed', 'live', []],
    ['live', 'endRequested', 'ending', goodbye],
    ['live', 'endPointless', 'ended', cut],
    ['live', 'socketClosed', 'ended', ['mark-dead', 'forget']],
    ['live', 'graceElapsed', 'live', []],
    ['ending', 'tokenReceived', 'ending', []],
    ['ending', 'authenticated', 'ending', []],
    ['ending', 'confirmed', 'ending', []],
    ['ending', 'endRequested', 'ending', []],
    ['ending', 'endPointless', 'ending', []],
    ['ending', 'socketClosed', 'ended', ['forget']],
    ['ending', 'graceElapsed', 'ended', ['terminate', 'forget']],
    ['ended', 'tokenReceived', 'ended', []],
    ['ended', 'authenticated', 'ended', []],
    ['ended', 'confirmed', 'ended', []],
    ['ended', 'endRequested', 'ended', []],
    ['ended', 'endPointless', 'ended', []],
    ['ended', 'socketClosed', 'ended', []],
    ['ended', 'graceElapsed', 'ended', []],
  ]

describe('the life of a connection', () => {
  it.each(table)('RX.1 %s + %s → %s', (phase, event, phaseAfter, effects) => {
    const step = next(states[phase], events[event])
    expect(step.state.phase).toBe(phaseAfter)
    expect(step.effects.map(({ type }) => type)).toEqual(effects)
  })

  it('lists every phase with every event above', () => {
    expect(new Set(table.map(([phase, event]) => `${phase} ${event}`)).size).toBe(
      Object.keys(states).length * Object.keys(events).length,
    )
  })

  it('keeps the first reason, whatever is requested later', () => {
    const { state } = next(next(states.live, events.endRequested).state, events.endPointless)
    expect(next(state, events.graceElapsed).effects.at(-1)).toEqual({
      type: 'forget',
      ended: { name: 'tokenInvalid' },
    })
  })

  it('carries the time to come back into the advice', () => {
    const { effects } = next(states.live, { ...events.endRequested, retryAfterMs: 700 })
    expect(effects[1]).toEqual({ type: 'send-advice', name: 'tokenInvalid', retryAfterMs: 700 })
  })

  it('reports the code of a peer that closed by itself', () => {
    expect(next(states.live, events.socketClosed).effects.at(-1)).toEqual({
      type: 'forget',
      ended: { code: 1001 },
    })
  })
})
