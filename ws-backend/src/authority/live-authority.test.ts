// Who ends by which verdict and which line, and that a question is asked until it is answered.

import { maxIdentitiesPerCheck } from '@sallyport/contracts/authority-questions'
import type { Identity } from '@sallyport/contracts/identity'
import { createLog } from '@sallyport/service-kit/log'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createConnectionRegistry } from '../connection/connection-registry.ts'
import { type FakeConnection, makeFakeConnection } from '../testing/fake-connection.ts'
import type { AuthorityLink } from './authority-link.ts'
import { AuthorityOutage } from './authority-outage.ts'
import { createLiveAuthority } from './live-authority.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const log = createLog('ws-backend', 'error', { write: () => {} })

function make(check: AuthorityLink['check'], isTooBlind = () => false) {
  const registry = createConnectionRegistry<FakeConnection>()
  const onApplied = vi.fn()
  const onRound = vi.fn()
  const authority = createLiveAuthority({
    registry,
    check,
    isTooBlind,
    recheckIntervalMs: 60_000,
    onApplied,
    onRound,
    nextTurn: setImmediate,
    now: Date.now,
    random: () => 1,
    log,
  })
  const add = (...connections: readonly FakeConnection[]) => {
    for (const connection of connections) registry.add(connection)
  }
  const addMany = (count: number) => {
    const made = Array.from({ length: count }, (_, n) => makeFakeConnection(`s${n}`))
    add(...made)
    return made
  }
  return { registry, authority, add, addMany, onApplied, onRound }
}

const allGood: AuthorityLink['check'] = (identities) =>
  Promise.resolve(identities.map(() => 'good'))

/** Sessions 2, 5, 8 … are revoked, 3, 6, 9 … void; of 12 connections. */
const judge = ({ sessionId }: Identity) =>
  (['good', 'revoked', 'void'] as const)[Number(sessionId.slice(1)) % 3] ?? 'good'
const ends = {
  good: [],
  revoked: ['sessionRevoked', 'goodbye'],
  void: ['tokenInvalid', 'goodbye'],
}

describe('admission', () => {
  it('SES-4 registers first and asks then', async () => {
    const order: string[] = []
    const connection = makeFakeConnection('s1')
    const { registry, authority } = make((identities) => {
      order.push(`asked with ${registry.forSession('s1').length} registered`)
      return allGood(identities)
    })
    await authority.admit(connection)
    expect(order).toEqual(['asked with 1 registered'])
    expect(connection.said).toEqual(['confirm'])
  })

  it.each([
    ['good', 'confirm'],
    ['revoked', 'sessionRevoked'],
    ['void', 'tokenInvalid'],
    ['forbidden', 'forbidden'],
  ] as const)('RX.2 %s → %s', async (verdict, said) => {
    const { authority } = make(() => Promise.resolve([verdict]))
    const connection = makeFakeConnection('s1')
    await authority.admit(connection)
    expect(connection.said).toEqual([said])
  })

  it('R0.7 SES-6 an outage or an empty answer refuses', async () => {
    for (const check of [() => Promise.reject(new AuthorityOutage('timeout')), async () => []]) {
      const connection = makeFakeConnection('s1')
      await make(check).authority.admit(connection)
      expect(connection.said).toEqual(['authUnavailable'])
    }
  })

  it('SES-6 refuses unasked when nothing was heard of what ends for too long', async () => {
    const check = vi.fn(allGood)
    const { authority, registry } = make(check, () => true)
    const connection = makeFakeConnection('s1')
    await authority.admit(connection)
    expect([connection.said, registry.size()]).toEqual([['unavailable'], 1])
    expect(check).not.toHaveBeenCalled()
  })
})

describe('asking about everybody', () => {
  it('RX.2 asks in batches and ends exactly those that are not good', async () => {
    const sizes: number[] = []
    const { authority, addMany, onRound } = make((identities) => {
      sizes.push(identities.length)
      return Promise.resolve(identities.map(judge))
    })
    const connections = addMany(maxIdentitiesPerCheck * 2 + 1)
    await authority.checkAll()
    await vi.advanceTimersByTimeAsync(10)
    expect(sizes).toEqual([maxIdentitiesPerCheck, maxIdentitiesPerCheck, 1])
    for (const { said, identity } of connections) expect(said).toEqual(ends[judge(identity)])
    expect(onRound).toHaveBeenCalledTimes(1)
  })

  it('SES-5 asks once about sockets that rest on the very same, and ends them all by the answer', async () => {
    const asked: number[] = []
    const { authority, add } = make((identities) => {
      asked.push(identities.length)
      return Promise.resolve(identities.map(judge))
    })
    const alike = ['a', 'b', 'c'].map((id, n) =>
      makeFakeConnection(id, { sessionId: 's1', ttlMs: 1000 + n }),
    )
    const other = makeFakeConnection('d', { sessionId: 's1', clientAddress: '192.0.2.9' })
    const good = makeFakeConnection('e', { sessionId: 's3' })
    add(...alike, other, good)
    await authority.checkAll()
    expect(asked).toEqual([3])
    for (const { said } of [...alike, other]) expect(said).toEqual(ends.revoked)
    expect(good.said).toEqual([])
  })

  it('SES-5 RX.12 waits an outage out: nobody ends by it, and nothing is skipped', async () => {
    let failures = 5
    const { authority, addMany } = make((identities) => {
      failures -= 1
      if (failures >= 0) return Promise.reject(new AuthorityOutage('unreachable'))
      return Promise.resolve(identities.map(judge))
    })
    const connections = addMany(3)
    const asked = authority.checkAll()
    await vi.advanceTimersByTimeAsync(100 + 200 + 400 + 800)
    expect(connections.map(({ said }) => said)).toEqual([[], [], []])
    await vi.advanceTimersByTimeAsync(1600)
    await asked
    expect(connections.map(({ said }) => said)).toEqual([ends.good, ends.revoked, ends.void])
  })

  it('SES-5 one that could not be judged stays, keeps nobody else, and is asked about in the next round', async () => {
    let isKnown = false
    const { authority, addMany, onRound } = make((identities) =>
      Promise.resolve(
        identities.map((identity) =>
          identity.sessionId === 's1' && !isKnown ? 'unknown' : judge(identity),
        ),
      ),
    )
    const connections = addMany(3)
    const answered = vi.fn()
    void authority.checkAll().then(answered)
    await vi.advanceTimersByTimeAsync(10)
    expect(connections.map(({ said }) => said)).toEqual([ends.good, ends.good, ends.void])
    expect([onRound.mock.calls.length, answered.mock.calls.length]).toEqual([1, 0])
    isKnown = true
    await authority.checkAll()
    expect(connections[1]?.said).toEqual(ends.revoked)
    expect(answered).toHaveBeenCalledTimes(1)
  })

  it('SES-5 one that makes its batch fail stops nobody else', async () => {
    const { authority, addMany } = make((identities) => {
      const fails = identities.some(({ sessionId }) => sessionId === 's3')
      if (fails) return Promise.reject(new AuthorityOutage('bad-answer'))
      return Promise.resolve(identities.map(judge))
    })
    const connections = addMany(12)
    void authority.checkAll()
    await vi.advanceTimersByTimeAsync(10_000)
    for (const { said, identity } of connections) expect(said).toEqual(ends[judge(identity)])
  })

  it('RX.2 asks again when it was told to while it asked, and once however often it was told', async () => {
    const answers: (() => void)[] = []
    const { authority, addMany } = make(
      (identities) =>
        new Promise((resolve) => {
          answers.push(() => resolve(identities.map(() => 'good')))
        }),
    )
    addMany(1)
    const first = authority.checkAll()
    const second = authority.apply({ type: 'check-all' })
    const third = authority.apply({ type: 'check-all' })
    answers[0]?.()
    await first
    await vi.advanceTimersByTimeAsync(0)
    expect(answers).toHaveLength(2)
    answers[1]?.()
    await Promise.all([second, third])
    expect(answers).toHaveLength(2)
  })

  it('SES-5 asks by itself every interval and lets overdue sockets end, and no more once closed', async () => {
    const check = vi.fn(allGood)
    const { authority, addMany } = make(check)
    const connections = addMany(250)
    await vi.advanceTimersByTimeAsync(120_010)
    expect(check).toHaveBeenCalledTimes(6)
    for (const { said } of connections) expect(said).toEqual(['expireIfDue', 'expireIfDue'])
    await authority.close()
    await vi.advanceTimersByTimeAsync(120_000)
    expect(check).toHaveBeenCalledTimes(6)
  })

  it('stops waiting out an outage when it is closed', async () => {
    const { authority, addMany } = make(() => Promise.reject(new AuthorityOutage('timeout')))
    addMany(1)
    const asked = authority.checkAll()
    await vi.advanceTimersByTimeAsync(10)
    await authority.close()
    await asked
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('a socket that goes on with another identity', () => {
  const token = { id: 't1', keyId: 'k', issuedAtMs: 0 }

  it('RX.3 is not ended by what is known of the old one', async () => {
    const { promise, resolve } = Promise.withResolvers<readonly 'void'[]>()
    const check = vi.fn<AuthorityLink['check']>().mockReturnValueOnce(promise)
    check.mockResolvedValue(['good'])
    const { authority, add } = make(check)
    const connection = makeFakeConnection('c', { token })
    add(connection)
    const asked = authority.checkAll()
    const before = connection.identity
    connection.identity = { ...before, token: { ...token, id: 't2' } }
    authority.identityChanged(connection, before)
    resolve(['void'])
    await asked
    await authority.apply({
      type: 'token-revoked',
      sequence: 1,
      issuer: before.issuer,
      tokenId: 't1',
    })
    expect([connection.said, check.mock.calls[1]]).toEqual([[], [[connection.identity]]])
    await authority.apply({
      type: 'token-revoked',
      sequence: 2,
      issuer: before.issuer,
      tokenId: 't2',
    })
    expect(connection.said).toEqual(ends.void)
  })

  it('W86 is asked about after everything that may end it can find it', async () => {
    const { authority, registry, add } = make((identities) => {
      const found = registry.forToken('https://issuer.test', 't2')
      return Promise.resolve(identities.map(() => (found.length === 1 ? 'revoked' : 'good')))
    })
    const connection = makeFakeConnection('c', { token })
    add(connection)
    const before = connection.identity
    connection.identity = { ...before, token: { ...token, id: 't2' } }
    authority.identityChanged(connection, before)
    await vi.advanceTimersByTimeAsync(0)
    expect(connection.said).toEqual(ends.revoked)
  })
})
