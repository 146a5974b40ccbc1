// Who ends by which verdict, and that a question is asked until it is answered.

import { maxIdentitiesPerCheck } from '@sallyport/contracts/authority-event'
import type { Identity } from '@sallyport/contracts/identity'
import { createLog } from '@sallyport/service-kit/log'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createConnectionRegistry } from '../connection/connection-registry.ts'
import { testIdentity } from '../testing/test-backend.ts'
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

function makeConnection(id: string, sessionId = id) {
  const said: string[] = []
  return {
    id,
    said,
    identity: testIdentity({ sessionId }),
    confirm: () => void said.push('confirm'),
    expireIfDue: () => void said.push('expireIfDue'),
    end: (name: string) => void said.push(name),
  }
}

function make(check: AuthorityLink['check']) {
  const registry = createConnectionRegistry<ReturnType<typeof makeConnection>>()
  const authority = createLiveAuthority({
    registry,
    check,
    recheckIntervalMs: 60_000,
    random: () => 1,
    log,
  })
  const add = (count: number) => {
    const made = Array.from({ length: count }, (_, n) => makeConnection(`s${n}`))
    for (const connection of made) registry.add(connection)
    return made
  }
  return { registry, authority, add }
}

const allGood: AuthorityLink['check'] = (identities) =>
  Promise.resolve(identities.map(() => 'good'))

/** Sessions 2, 5, 8 … are revoked, 3, 6, 9 … void; of 12 connections. */
const judge = ({ sessionId }: Identity) =>
  (['good', 'revoked', 'void'] as const)[Number(sessionId.slice(1)) % 3] ?? 'good'

describe('admission', () => {
  it('SES-4 registers first and asks then', async () => {
    const order: string[] = []
    const connection = makeConnection('s1')
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
    const connection = makeConnection('s1')
    await authority.admit(connection)
    expect(connection.said).toEqual([said])
  })

  it('R0.7 an outage or an empty answer refuses', async () => {
    for (const check of [() => Promise.reject(new AuthorityOutage('timeout')), async () => []]) {
      const connection = makeConnection('s1')
      await make(check).authority.admit(connection)
      expect(connection.said).toEqual(['authUnavailable'])
    }
  })
})

describe('asking about everybody', () => {
  it('RX.2 asks in batches and ends exactly those that are not good', async () => {
    const sizes: number[] = []
    const { authority, add } = make((identities) => {
      sizes.push(identities.length)
      return Promise.resolve(identities.map(judge))
    })
    const connections = add(maxIdentitiesPerCheck * 2 + 1)
    await authority.checkAll()
    expect(sizes).toEqual([maxIdentitiesPerCheck, maxIdentitiesPerCheck, 1])
    for (const { said, identity } of connections) {
      const expected = { good: [], revoked: ['sessionRevoked'], void: ['tokenInvalid'] }
      expect(said).toEqual(expected[judge(identity)])
    }
  })

  it('RX.2 RX.12 waits an outage out: nobody ends by it, and nothing is skipped', async () => {
    let failures = 5
    const { authority, add } = make((identities) => {
      failures -= 1
      if (failures >= 0) return Promise.reject(new AuthorityOutage('unreachable'))
      return Promise.resolve(identities.map(judge))
    })
    const connections = add(3)
    const asked = authority.checkAll()
    await vi.advanceTimersByTimeAsync(100 + 200 + 400 + 800)
    expect(connections.map(({ said }) => said)).toEqual([[], [], []])
    await vi.advanceTimersByTimeAsync(1600)
    await asked
    expect(connections.map(({ said }) => said)).toEqual([[], ['sessionRevoked'], ['tokenInvalid']])
  })

  it('RX.2 asks again when it was told to while it asked', async () => {
    const answers: (() => void)[] = []
    const { authority, add } = make(
      (identities) =>
        new Promise((resolve) => {
          answers.push(() => resolve(identities.map(() => 'good')))
        }),
    )
    add(1)
    const asked = authority.checkAll()
    authority.apply({ type: 'check-all' })
    authority.apply({ type: 'check-all' })
    answers[0]?.()
    await vi.advanceTimersByTimeAsync(0)
    expect(answers).toHaveLength(2)
    answers[1]?.()
    await asked
    expect(answers).toHaveLength(2)
  })

  it('RX.2 asks by itself every interval and lets overdue sockets end, and no more once closed', async () => {
    const check = vi.fn(allGood)
    const { authority, add } = make(check)
    const [connection] = add(1)
    await vi.advanceTimersByTimeAsync(120_000)
    expect(check).toHaveBeenCalledTimes(2)
    expect(connection?.said).toEqual(['expireIfDue', 'expireIfDue'])
    await authority.close()
    await vi.advanceTimersByTimeAsync(120_000)
    expect(check).toHaveBeenCalledTimes(2)
  })

  it('stops waiting out an outage when it is closed', async () => {
    const { authority, add } = make(() => Promise.reject(new AuthorityOutage('timeout')))
    add(1)
    const asked = authority.checkAll()
    await vi.advanceTimersByTimeAsync(10)
    await authority.close()
    await asked
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('an ended session', () => {
  it('RX.1 ends every connection of it and no other', () => {
    const { registry, authority } = make(allGood)
    const [one, two, other] = [
      makeConnection('c1', 's1'),
      makeConnection('c2', 's1'),
      makeConnection('c3', 's2'),
    ]
    for (const connection of [one, two, other]) registry.add(connection)
    authority.apply({ type: 'session-ended', sessionId: 's1' })
    expect([one.said, two.said, other.said]).toEqual([['sessionRevoked'], ['sessionRevoked'], []])
  })
})
