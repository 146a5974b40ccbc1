// `auth.refresh` on one socket: who goes on under it, what is refused, and that a late answer wakes nobody.

import type { RefreshAnswer } from '@sallyport/contracts/authority-questions'
import type { Identity } from '@sallyport/contracts/identity'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { AuthorityOutage } from '../authority/authority-outage.ts'
import { testIdentity } from '../testing/test-backend.ts'
import { defaultLimits } from './connection-limits.ts'
import { goodbyeOf, makeLive, text } from './test-connection.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** Lets what was answered arrive. */
const settle = () => vi.advanceTimersByTimeAsync(0)

const token = 'header.payload.signature'
const ask = (id?: string) => text('auth.refresh', { token }, id)
const subscribe = text('subscribe', { channel: 'room:a' })

function refreshed(changes: Partial<Identity> = {}): RefreshAnswer {
  return {
    outcome: 'refreshed',
    identity: testIdentity({ ttlMs: 300_000, sessionId: 'session-2', ...changes }),
  }
}

/** A live connection whose questions the test answers when it likes. */
function makeAsking(options: Parameters<typeof makeLive>[0] = {}) {
  const made = makeLive(options)
  let question = Promise.withResolvers<RefreshAnswer>()
  made.refresh.mockImplementation(() => {
    question = Promise.withResolvers()
    return question.promise
  })
  const answer = async (given: RefreshAnswer) => {
    question.resolve(given)
    await settle()
  }
  const fail = async () => {
    question.reject(new AuthorityOutage('timeout'))
    await settle()
  }
  return { ...made, answer, fail }
}

const errorOf = (code: string, id: string) => ({ type: 'error', id, data: { code } })

describe('a refresh', () => {
  it('R3.7 RX.3 asks about the identity in force, and goes on under the one that is answered', async () => {
    const { connection, refresh, sent, done, answer, leaveForbidden } = makeAsking()
    leaveForbidden.mockReturnValue(['room:secret'])
    connection.receiveText(ask('r1'))
    const { ttlMs: _ttlMs, username: _username, ...asked } = testIdentity()
    expect(refresh.mock.calls).toEqual([[{ token, identity: asked }]])
    await answer(refreshed())
    expect(connection.identity.sessionId).toBe('session-2')
    expect(sent).toEqual([
      {
        type: 'auth.ok',
        id: 'r1',
        data: { ttlMs: 300_000, refreshAfterMs: 255_000, lost: ['room:secret'] },
      },
    ])
    // New books before anything else: whatever ends the new identity from here on finds the socket.
    expect(done).toEqual(['changed session-1', 'send auth.ok'])
  })

  it('RX.3 counts the new life from the question and ends with it, not with the old one', async () => {
    const { connection, sent, done, answer } = makeAsking({ ttlMs: 60_000 })
    connection.receiveText(ask('r1'))
    vi.advanceTimersByTime(1500)
    await answer(refreshed({ ttlMs: 100_000 }))
    expect(sent.at(-1)).toMatchObject({ type: 'auth.ok', data: { ttlMs: 98_500 } })
    vi.advanceTimersByTime(98_499)
    expect(connection.isLive()).toBe(true)
    expect(sent.filter(({ type }) => type === 'auth.expiring')).toHaveLength(1)
    vi.advanceTimersByTime(1)
    expect(done.slice(-goodbyeOf(4401).length)).toEqual(goodbyeOf(4401))
  })

  it('SES-3 warns of the new end too, after it warned of the old one', async () => {
    const { connection, sent, answer } = makeAsking({ ttlMs: 60_000 })
    vi.advanceTimersByTime(50_000)
    connection.receiveText(ask())
    await answer(refreshed({ ttlMs: 60_000 }))
    vi.advanceTimersByTime(45_000)
    expect(sent.filter(({ type }) => type === 'auth.expiring')).toEqual([
      { type: 'auth.expiring', data: { inMs: 15_000, reason: 'expiry' } },
      { type: 'auth.expiring', data: { inMs: 15_000, reason: 'expiry' } },
    ])
  })

  it('RX.3 with a shorter life shortens it: the new token is what it rests on', async () => {
    const { connection, answer } = makeAsking({ ttlMs: 600_000 })
    connection.receiveText(ask())
    await answer(refreshed({ ttlMs: 5000 }))
    expect(connection.expiresInMs()).toBe(5000)
  })

  it('RX.3 under a cookie changes nothing and says what is left', async () => {
    const { connection, sent, done, answer } = makeAsking({ ttlMs: 60_000 })
    vi.advanceTimersByTime(10_000)
    connection.receiveText(ask('r1'))
    await answer({ outcome: 'unchanged' })
    expect(sent).toMatchObject([{ type: 'auth.ok', id: 'r1', data: { ttlMs: 50_000, lost: [] } }])
    expect(done).toEqual(['send auth.ok'])
    expect(connection.identity.sessionId).toBe('session-1')
  })

  it.each([
    'invalid-credential',
    'other-subject',
    'older-token',
    'not-allowed',
  ] as const)('W92 that is refused as %s is an error, and the old authority goes on until it ends', async (fault) => {
    const { connection, sent, done, lines, answer } = makeAsking({ ttlMs: 60_000 })
    connection.receiveText(ask('r1'))
    await answer({ outcome: 'refused', fault })
    expect(sent).toMatchObject([errorOf('refresh-refused', 'r1')])
    expect(connection.identity.sessionId).toBe('session-1')
    expect(connection.expiresInMs()).toBe(60_000)
    expect(lines.at(-1)).toMatchObject({ granted: false, reason: fault })
    vi.advanceTimersByTime(60_000)
    expect(done).toContain('close 4401')
  })

  it.each([
    ['another subject', { subject: 'bob' }],
    ['the same name at another issuer', { issuer: 'https://other.test' }],
    ['a life that was over before the answer came', { ttlMs: 500 }],
  ])('W92 is not believed when the sidecar answers with %s', async (_, changes) => {
    const { connection, sent, done, answer } = makeAsking()
    connection.receiveText(ask('r1'))
    vi.advanceTimersByTime(500)
    await answer(refreshed(changes))
    expect(sent).toMatchObject([errorOf('refresh-refused', 'r1')])
    expect(connection.identity).toMatchObject({ subject: 'alice', sessionId: 'session-1' })
    expect(done).toEqual(['send error'])
  })

  it('SES-14 into a session that is full is an error, and the socket stays where it is', async () => {
    const { connection, sent, changePlace, answer } = makeAsking()
    changePlace.mockReturnValue(false)
    connection.receiveText(ask('r1'))
    await answer(refreshed())
    expect(sent).toMatchObject([errorOf('rate-limited', 'r1')])
    expect(connection.identity.sessionId).toBe('session-1')
    expect(connection.expiresInMs()).toBe(60_000)
  })

  it('RX.12 that nobody can judge is an error, and may be tried again', async () => {
    const { connection, sent, lines, answer, fail } = makeAsking()
    connection.receiveText(ask('r1'))
    await fail()
    expect(sent).toMatchObject([
      { ...errorOf('refresh-unavailable', 'r1'), data: { retryable: true } },
    ])
    connection.receiveText(ask('r2'))
    await answer(refreshed())
    expect(sent.at(-1)).toMatchObject({ type: 'auth.ok', id: 'r2' })
    expect(JSON.stringify(lines)).not.toContain(token)
  })
})

describe('how often', () => {
  it('RX.11 one question runs at a time', async () => {
    const { connection, refresh, sent, answer } = makeAsking()
    connection.receiveText(ask('r1'))
    connection.receiveText(ask('r2'))
    expect(sent).toMatchObject([errorOf('rate-limited', 'r2')])
    expect(refresh).toHaveBeenCalledTimes(1)
    await answer(refreshed())
    connection.receiveText(ask('r3'))
    await answer(refreshed())
    expect(sent.slice(1)).toMatchObject([{ id: 'r1' }, { type: 'auth.ok', id: 'r3' }])
  })

  it('RX.11 at most so many a minute, good ones or bad, and no number of them ends the socket', async () => {
    const { connection, refresh, sent, answer } = makeAsking({ ttlMs: 600_000 })
    const most = defaultLimits.maxRefreshesPerMinute
    for (let n = 0; n < 3 * most; n += 1) {
      connection.receiveText(ask(`${n}`))
      await answer({ outcome: 'refused', fault: 'invalid-credential' })
      vi.advanceTimersByTime(1000)
    }
    expect(refresh).toHaveBeenCalledTimes(most)
    const codes = sent.map(({ data }) => data?.['code'])
    expect(codes.slice(0, most).every((code) => code === 'refresh-refused')).toBe(true)
    expect(codes.slice(most).every((code) => code === 'rate-limited')).toBe(true)
    expect(connection.isLive()).toBe(true)
    vi.advanceTimersByTime(60_000)
    connection.receiveText(ask('later'))
    await answer(refreshed())
    expect(sent.at(-1)).toMatchObject({ type: 'auth.ok', id: 'later' })
  })

  it('RX.11 what is no token counts as a fault, and the fifth within seconds ends the socket', () => {
    const { connection, refresh, done } = makeAsking()
    for (const bad of [undefined, '', 7, null, 't'.repeat(8193)]) {
      expect(connection.isLive()).toBe(true)
      connection.receiveText(text('auth.refresh', { token: bad }))
    }
    expect(refresh).not.toHaveBeenCalled()
    expect(done).toContain('close 4400')
  })
})

describe('while a refresh is judged', () => {
  it('messages are handled under the old identity', async () => {
    const { connection, handle, answer } = makeAsking()
    const seen: string[] = []
    handle.mockImplementation(({ identity }: { identity: Identity }) => {
      seen.push(identity.sessionId)
    })
    connection.receiveText(ask())
    connection.receiveText(subscribe)
    await answer(refreshed())
    connection.receiveText(subscribe)
    expect(seen).toEqual(['session-1', 'session-2'])
  })

  it.each([
    [
      'it was ended',
      (made: ReturnType<typeof makeAsking>) => made.connection.end('sessionRevoked'),
    ],
    ['it was marked dead', ({ connection }) => connection.markDead('sessionRevoked')],
    ['its peer closed', ({ connection }) => connection.socketClosed(1001)],
    ['its old authority expired', () => vi.advanceTimersByTime(60_000)],
    [
      'its old authority expired, and no timer could fire yet',
      (made) => {
        made.clock.lagMs = 60_000
      },
    ],
    [
      'the machine slept beyond its end',
      (made) => {
        made.clock.wallLeapMs = 3_600_000
      },
    ],
  ] satisfies [
    string,
    (made: ReturnType<typeof makeAsking>) => void,
  ][])('SES-3 RX.3 nothing is sent and nothing indexed anew when %s meanwhile', async (_, end) => {
    for (const given of [refreshed(), { outcome: 'unchanged' } as const, undefined]) {
      const made = makeAsking({ ttlMs: 60_000 })
      made.connection.receiveText(ask('r1'))
      end(made)
      await (given ? made.answer(given) : made.fail())
      expect(made.sent.filter(({ id }) => id === 'r1')).toEqual([])
      expect(made.onIdentityChanged).not.toHaveBeenCalled()
      expect(made.changePlace).not.toHaveBeenCalled()
      expect(made.connection.isLive()).toBe(false)
      expect(made.connection.identity.sessionId).toBe('session-1')
    }
  })

  it('says nothing when whoever is told of the new identity ends it at once', async () => {
    const { connection, sent, onIdentityChanged, answer } = makeAsking()
    onIdentityChanged.mockImplementation(() => connection.end('sessionRevoked'))
    connection.receiveText(ask())
    await answer(refreshed())
    expect(sent.map(({ type }) => type)).toEqual(['disconnect'])
  })

  it('ends with 4500 when what follows from the answer fails: nobody knows under which identity it is', async () => {
    const { connection, done, leaveForbidden, answer } = makeAsking()
    leaveForbidden.mockImplementation(() => {
      throw new Error('a bug')
    })
    connection.receiveText(ask())
    await answer(refreshed())
    expect(done).toContain('close 4500')
  })
})
