// Every phase with every event.

import { describe, expect, it } from 'vitest'
import { testIdentity } from '../testing/test-backend.ts'
import { type ConnectionEvent, type ConnectionState, next } from './connection-state.ts'

const states = {
  pending: { phase: 'pending' },
  authenticating: { phase: 'authenticating' },
  'handed-over': { phase: 'handed-over' },
  checking: { phase: 'checking' },
  live: { phase: 'live' },
  dead: { phase: 'dead', ending: { name: 'sessionRevoked' } },
  ending: { phase: 'ending', ending: { name: 'sessionRevoked' } },
  ended: { phase: 'ended' },
} as const satisfies { [Phase in ConnectionState['phase']]: ConnectionState & { phase: Phase } }

const events = {
  tokenReceived: { type: 'token-received', token: 'a.b.c' },
  authenticated: { type: 'authenticated', identity: testIdentity() },
  confirmed: { type: 'confirmed' },
  endRequested: { type: 'end-requested', ending: { name: 'tokenInvalid' }, goodbye: 'possible' },
  endPointless: { type: 'end-requested', ending: { name: 'slowReader' }, goodbye: 'pointless' },
  markRequested: { type: 'mark-requested', ending: { name: 'tokenInvalid' } },
  goodbyeRequested: { type: 'goodbye-requested', goodbye: 'possible', graceMs: 700 },
  goodbyePointless: { type: 'goodbye-requested', goodbye: 'pointless', graceMs: 700 },
  socketClosed: { type: 'socket-closed', code: 1001 },
  graceElapsed: { type: 'grace-elapsed' },
} as const satisfies Record<string, ConnectionEvent>

type Phase = keyof typeof states
type EventName = keyof typeof events
type Change = readonly [Phase, readonly string[]]

const goodbye = ['leave', 'send-advice', 'close', 'resume-reading']
const cut = ['leave', 'terminate', 'forget']

/** What ends every phase in which somebody may still say something. */
const leaving = {
  endRequested: ['ending', [...goodbye, 'start-grace']],
  endPointless: ['ended', cut],
  markRequested: ['dead', ['start-grace']],
  socketClosed: ['ended', ['leave', 'forget']],
} as const satisfies Partial<Record<EventName, Change>>

/** The phase that follows and the effects, in order; what is not listed changes nothing. */
const changes: { readonly [P in Phase]: Partial<Record<EventName, Change>> } = {
  pending: {
    ...leaving,
    tokenReceived: ['authenticating', ['pause-reading', 'authenticate']],
  },
  authenticating: { ...leaving, authenticated: ['handed-over', ['hand-over']] },
  'handed-over': {},
  checking: {
    ...leaving,
    confirmed: ['live', ['send-welcome', 'handle-early', 'resume-reading']],
  },
  live: leaving,
  dead: {
    goodbyeRequested: ['ending', [...goodbye, 'set-grace']],
    goodbyePointless: ['ended', cut],
    socketClosed: ['ended', ['leave', 'forget']],
    graceElapsed: ['ended', cut],
  },
  ending: {
    socketClosed: ['ended', ['forget']],
    graceElapsed: ['ended', ['terminate', 'forget']],
  },
  ended: {},
}

const table = (Object.keys(states) as Phase[]).flatMap((phase) =>
  (Object.keys(events) as EventName[]).map((event) => {
    const [phaseAfter, effects] = changes[phase][event] ?? [phase, []]
    return [phase, event, phaseAfter, effects] as const
  }),
)

describe('the life of a connection', () => {
  it.each(table)('RX.1 %s + %s → %s', (phase, event, phaseAfter, effects) => {
    const step = next(states[phase], events[event])
    expect(step.state.phase).toBe(phaseAfter)
    expect(step.effects.map(({ type }) => type)).toEqual(effects)
  })

  it('keeps the first reason, whatever is requested later', () => {
    const { state } = next(next(states.live, events.endRequested).state, events.endPointless)
    expect(next(state, events.graceElapsed).effects.at(-1)).toEqual({
      type: 'forget',
      ended: { name: 'tokenInvalid' },
    })
  })

  it('keeps the reason of the mark through the goodbye, and its grace runs from the mark', () => {
    const marked = next(states.live, events.markRequested)
    const told = next(next(marked.state, events.endPointless).state, events.goodbyeRequested)
    const all = [
      ...marked.effects,
      ...told.effects,
      ...next(told.state, events.graceElapsed).effects,
    ]
    const graces = all.filter(({ type }) => type.endsWith('-grace'))
    expect(graces).toEqual([{ type: 'start-grace' }, { type: 'set-grace', graceMs: 700 }])
    expect(all.flatMap((effect) => ('ending' in effect ? [effect.ending] : []))).toEqual([
      { name: 'tokenInvalid' },
      { name: 'tokenInvalid' },
    ])
    expect(all.at(-1)).toEqual({ type: 'forget', ended: { name: 'tokenInvalid' } })
  })

  it('carries into advice and close frame when to come back, and whose decision it was', () => {
    const ending = { name: 'replaced', retryAfterMs: 700, byOperator: true } as const
    const { effects } = next(states.live, { ...events.endRequested, ending })
    expect(effects.filter((effect) => 'ending' in effect)).toEqual([
      { type: 'send-advice', ending },
      { type: 'close', ending },
    ])
  })

  it('reports the code of a peer that closed by itself', () => {
    expect(next(states.live, events.socketClosed).effects.at(-1)).toEqual({
      type: 'forget',
      ended: { code: 1001 },
    })
  })
})
