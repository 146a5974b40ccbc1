// Every state × every event of refreshing, the numbers a plan is made of, and random walks. No timers, no tokens.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  initialRefresh,
  minGainMs,
  minRefreshIntervalMs,
  nextRefresh,
  type RefreshEvent,
  type RefreshState,
} from './refresh-state.ts'

const endsAtMs = 600_000
const nowMs = 510_000
const lifetime = { nowMs, ttlMs: 600_000, refreshAfterMs: 510_000, random: 0.5 }

const states = {
  off: initialRefresh,
  planned: { phase: 'planned', endsAtMs, dueAtMs: nowMs, failures: 0 },
  early: { phase: 'planned', endsAtMs, dueAtMs: nowMs + 1, failures: 1 },
  asking: { phase: 'asking-token', endsAtMs, failures: 0 },
  askingAgain: { phase: 'asking-token', endsAtMs, failures: 1 },
  sent: { phase: 'sent', endsAtMs, failures: 0 },
  sentAgain: { phase: 'sent', endsAtMs, failures: 1 },
  resting: { phase: 'resting', endsAtMs, notBeforeMs: nowMs },
  restingYet: { phase: 'resting', endsAtMs, notBeforeMs: nowMs + 1 },
} as const satisfies Record<string, RefreshState>

const events = {
  welcomed: { type: 'welcomed', ...lifetime },
  renewed: { type: 'renewed', isAnswer: false, ...lifetime },
  answered: { type: 'renewed', isAnswer: true, ...lifetime },
  answeredInVain: { type: 'renewed', isAnswer: true, ...lifetime, ttlMs: endsAtMs - nowMs },
  due: { type: 'due' },
  woken: { type: 'woken', nowMs },
  expiring: { type: 'expiring', isHelpful: true },
  ending: { type: 'expiring', isHelpful: false },
  ready: { type: 'token-ready' },
  same: { type: 'token-same', nowMs },
  denied: { type: 'token-denied' },
  failed: { type: 'failed', nowMs, delayMs: 6000 },
  failedLate: { type: 'failed', nowMs, delayMs: endsAtMs - nowMs },
  ended: { type: 'ended' },
} as const satisfies Record<string, RefreshEvent>

const off = { phase: 'off' }
const planned = {
  phase: 'planned',
  endsAtMs: nowMs + 600_000,
  dueAtMs: nowMs + 510_000,
  failures: 0,
}
/** An authority of 90 s: planned no later than its end. */
const plannedBriefly = {
  ...planned,
  endsAtMs,
  dueAtMs: nowMs + (endsAtMs - nowMs),
}
const retry = { phase: 'planned', endsAtMs, dueAtMs: nowMs + 6000, failures: 1 }
const resting = { phase: 'resting', endsAtMs, notBeforeMs: nowMs + minRefreshIntervalMs }
const over = { welcomed: planned, ending: off, ended: off }
const told = { ...over, renewed: planned, answered: planned, answeredInVain: plannedBriefly }
const { asking, askingAgain, sent, sentAgain } = states

/** What changes; every pair that is not here must leave the state as it is. */
const changes: Record<keyof typeof states, Partial<Record<keyof typeof events, object>>> = {
  off: { ...told, ending: initialRefresh, ended: initialRefresh },
  planned: { ...told, due: asking, woken: asking, expiring: asking },
  early: { ...told, due: askingAgain, expiring: askingAgain },
  asking: {
    ...over,
    ready: sent,
    same: resting,
    denied: off,
    failed: retry,
    failedLate: resting,
  },
  askingAgain: {
    ...over,
    ready: sentAgain,
    same: resting,
    denied: off,
    failed: resting,
    failedLate: resting,
  },
  sent: { ...over, answered: planned, answeredInVain: off, failed: retry, failedLate: resting },
  sentAgain: {
    ...over,
    answered: planned,
    answeredInVain: off,
    failed: resting,
    failedLate: resting,
  },
  resting: { ...told, due: asking, woken: asking, expiring: asking },
  restingYet: { ...told, due: asking, expiring: asking },
}

describe('nextRefresh', () => {
  const pairs = Object.keys(states).flatMap((state) =>
    Object.keys(events).map(
      (event) => [state, event] as [keyof typeof states, keyof typeof events],
    ),
  )

  it.each(pairs)('R3.7 has one defined result for %s × %s', (stateName, eventName) => {
    const state = states[stateName]
    const expected = changes[stateName][eventName]
    const result = nextRefresh(state, events[eventName])
    if (expected) expect(result).toEqual(expected)
    else expect(result).toBe(state)
  })

  it('R3.7 stops when an answer gained nothing: asking again would only come faster and faster', () => {
    const answer = (gainMs: number) => ({ ...events.answered, ttlMs: endsAtMs - nowMs + gainMs })
    expect(nextRefresh(sent, answer(minGainMs - 1))).toEqual(off)
    expect(nextRefresh(sent, answer(minGainMs)).phase).toBe('planned')
  })
})

describe('a plan', () => {
  const plan = (changed: object) => nextRefresh(initialRefresh, { ...events.welcomed, ...changed })

  it.each([
    [0, 459_000],
    [0.5, 510_000],
    [1, 561_000],
  ])('RX.3 is jittered by a tenth either way: %d', (random, afterMs) => {
    const { dueAtMs } = plan({ random }) as { dueAtMs: number }
    expect(dueAtMs - nowMs).toBeCloseTo(afterMs, 3)
  })

  it.each([
    { ttlMs: Number.NaN },
    { ttlMs: Number.POSITIVE_INFINITY },
    { ttlMs: undefined },
    { ttlMs: 0 },
    { ttlMs: minRefreshIntervalMs },
    { refreshAfterMs: Number.NaN },
    { refreshAfterMs: '1' },
  ])('is not made of %j', (changed) => {
    expect(plan(changed)).toEqual(off)
  })

  it.each([0, -5, 1])('never makes a hot loop of refreshAfterMs %d', (refreshAfterMs) => {
    expect(plan({ refreshAfterMs })).toMatchObject({ dueAtMs: nowMs + minRefreshIntervalMs })
  })
})

describe('random walks', () => {
  it('R3.7 send nothing but a token that was just asked for, and no third time without news', () => {
    const anyEvent = fc.constantFrom(...Object.values<RefreshEvent>(events))
    const news = new Set(['welcomed', 'renewed', 'expiring', 'woken', 'due'])
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), (walk) => {
        let state: RefreshState = initialRefresh
        for (const event of walk) {
          const before = state
          state = nextRefresh(before, event)
          if (state === before) continue
          if (state.phase === 'sent') expect(before.phase).toBe('asking-token')
          if (state.phase === 'asking-token') expect(news).toContain(event.type)
          if ('failures' in state) expect(state.failures).toBeLessThan(2)
        }
        expect(nextRefresh(state, events.ended)).toEqual(off)
      }),
    )
  })
})
