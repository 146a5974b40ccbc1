// Whatever happens to a connection in whatever order – answers, ends, expiries, closes, sleeps –: from its mark on
// nothing is handled and nothing said but one goodbye, and it lasts no longer than its client was told.

import type { RefreshAnswer } from '@sallyport/contracts/authority-questions'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { testIdentity } from '../testing/test-backend.ts'
import { defaultLimits } from './connection-limits.ts'
import { makeConnection, type TestConnection, text } from './test-connection.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const { endGraceMs, maxBufferedBytes, heartbeatMs } = defaultLimits
const lifeMs = 40_000

type World = TestConnection & { readonly answers: ((answer: RefreshAnswer | undefined) => void)[] }
type Step = readonly [name: string, act: (world: World) => void | Promise<unknown>]

const subscribe = text('subscribe', { channel: 'room:a' })
const token = { id: 't2', keyId: 'k', issuedAtMs: 0 }

const step = (name: string, act: Step[1]): fc.Arbitrary<Step> => fc.constant([name, act])
const stepOf = (name: string, act: (world: World, ms: number) => void | Promise<unknown>) =>
  fc
    .constantFrom(0, 1, 400, 999, 1000, 5000, 30_000, 40_000, 100_000)
    .map((ms): Step => [`${name} ${ms}`, (world) => act(world, ms)])

const answered = (answer: RefreshAnswer | undefined) => (world: World) => {
  world.answers.shift()?.(answer)
  return vi.advanceTimersByTimeAsync(0)
}

/** A mark does nothing that could be seen, so it is noted here. */
function mark({ connection, done }: World): void {
  connection.markDead('sessionRevoked')
  done.push('mark')
}

const isEnd = (what: string) => what === 'mark' || what === 'leave'

const someStep = fc.oneof(
  step('confirm', ({ connection }) => connection.confirm()),
  step('receive', ({ connection }) => connection.receiveText(subscribe)),
  step('receive garbage', ({ connection }) => {
    for (let n = 0; n < 5; n += 1) connection.receiveText('{')
  }),
  step('receive binary', ({ connection }) => connection.receiveBinary()),
  step('send', ({ connection }) => connection.send('{"type":"ack"}')),
  step('send event', ({ connection }) => connection.sendEvent('{"type":"event"}')),
  step('refresh', ({ connection }) => {
    connection.receiveText(text('auth.refresh', { token: 'a.b.c' }))
  }),
  step('refuse', answered({ outcome: 'refused', fault: 'invalid-credential' })),
  step('answer nothing', answered(undefined)),
  step('answer unchanged', answered({ outcome: 'unchanged' })),
  stepOf('answer', (world, ms) => {
    const identity = testIdentity({ ttlMs: ms + 1, sessionId: 'session-2', way: 'token-cookie' })
    return answered({ outcome: 'refreshed', identity })(world)
  }),
  step('mark', mark),
  step('say goodbye', ({ connection }) => connection.sayGoodbye()),
  step('end', ({ connection }) => connection.end('sessionRevoked')),
  step('end by operator', ({ connection }) => connection.endByOperator()),
  step('lose', ({ connection }) => connection.end('lost')),
  step('peer closes', ({ connection }) => connection.socketClosed(1001)),
  stepOf('end within', ({ connection }, ms) => connection.endWithin(ms, 'sessionRevoked')),
  stepOf('extend', ({ connection }, ms) => connection.extendUntil(Date.now() + ms, token)),
  stepOf('wait', (_, ms) => vi.advanceTimersByTimeAsync(ms)),
  stepOf('stall the loop', ({ clock }, ms) => {
    clock.lagMs += ms
  }),
  stepOf('sleep', ({ clock }, ms) => {
    clock.wallLeapMs += ms
  }),
  step('read nothing', ({ buffer }) => {
    buffer.bytes = maxBufferedBytes + 1
  }),
  step('read all', ({ buffer }) => {
    buffer.bytes = 0
  }),
)

/** Most runs should get somewhere before they end. */
const steps = fc.tuple(
  fc.constantFrom<readonly Step[]>([], [['confirm', ({ connection }) => connection.confirm()]]),
  fc.array(someStep, { maxLength: 30, size: 'max' }),
)

/** A connection that notes in order what it has its neighbours do; its questions are answered by steps. */
function makeWorld(): World {
  // A run that failed leaves its own behind.
  vi.clearAllTimers()
  const world: World = { ...makeConnection({ ttlMs: lifeMs, early: [subscribe] }), answers: [] }
  const { done, handle, refresh } = world
  const note = () => void done.push('handle')
  handle.mockImplementation(note)
  world.changePlace.mockImplementation(() => {
    note()
    return true
  })
  world.leaveForbidden.mockImplementation(() => {
    note()
    return []
  })
  world.onIdentityChanged.mockImplementation(note)
  refresh.mockImplementation(() => {
    const { promise, resolve, reject } = Promise.withResolvers<RefreshAnswer>()
    world.answers.push((answer) => {
      if (answer) resolve(answer)
      else reject(new Error('nobody answers'))
    })
    return promise
  })
  return world
}

async function run(world: World, given: readonly Step[]): Promise<void> {
  const { connection, done, now } = world
  let wasDead = false
  for (const [, act] of given) {
    const doneBefore = done.length
    await act(world)
    if (wasDead) expect(connection.isLive()).toBe(false)
    wasDead ||= done.some(isEnd)
    // Time passes in steps of its own only, so what this step did, it did now.
    if (now() > believedUntilMs(world)) {
      expect(connection.isLive()).toBe(false)
      expect(done.slice(doneBefore)).not.toContain('handle')
    }
  }
}

/** Until when its client may believe it lives; throws for a message that came after that. */
function believedUntilMs({ sent, sentAtMs }: World): number {
  let untilMs = Number.POSITIVE_INFINITY
  for (const [index, { type, data }] of sent.entries()) {
    const atMs = sentAtMs[index] ?? 0
    if (type !== 'disconnect') expect(atMs).toBeLessThanOrEqual(untilMs)
    const inMs = type === 'auth.expiring' ? data?.['inMs'] : data?.['ttlMs']
    // What is told is rounded down to a millisecond.
    if (typeof inMs === 'number') untilMs = atMs + inMs + 1
  }
  return untilMs
}

describe('whatever the order', () => {
  it('SES-3 W87 W91 RX.1 nothing is handled or said after the mark but one goodbye, and the cut comes in time', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async ([first, then]) => {
        const world = makeWorld()
        await run(world, [...first, ...then])
        mark(world)
        await vi.advanceTimersByTimeAsync(endGraceMs)
        while (world.answers.length > 0) {
          await answered({ outcome: 'refreshed', identity: testIdentity() })(world)
        }
        const { done } = world
        const after = done.slice(done.findIndex(isEnd))
        expect(after.filter((what) => !/^(mark|resume)$/.test(what)).join(', ')).toMatch(
          /^leave, (send disconnect, close \d+, )?(terminate, )?forgotten \d+$/,
        )
        expect(done.filter((what) => what === 'leave')).toHaveLength(1)
        expect(vi.getTimerCount()).toBe(0)
      }),
      { numRuns: 1500 },
    )
  }, 30_000)

  it('reaches every kind of end, and refreshes that were taken over: the property above says something', async () => {
    const seen = new Set<string>()
    const all = fc.sample(steps, { numRuns: 600, seed: 1 })
    for (const [first, then] of all) {
      const world = makeWorld()
      await run(world, [...first, ...then])
      for (const what of world.done) seen.add(what)
      for (const { type } of world.sent) seen.add(type)
      world.connection.end('lost')
      await vi.advanceTimersByTimeAsync(endGraceMs + heartbeatMs)
    }
    expect([...seen]).toEqual(
      expect.arrayContaining([
        'handle',
        'welcome',
        'auth.ok',
        'auth.expiring',
        'error',
        'event',
        'hb',
        'event dropped',
        'close 1003',
        'close 4400',
        'close 4401',
        'close 4409',
        'close 4410',
        'terminate',
        'forgotten 1001',
        'forgotten 1006',
      ]),
    )
  }, 30_000)
})
