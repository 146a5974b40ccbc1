// Places of sockets: by session, subject and address, refused or made by the oldest, and taken along by a refresh.

import type { Identity } from '@sallyport/contracts/identity'
import { describe, expect, it } from 'vitest'
import { testIdentity } from '../testing/test-backend.ts'
import { createSocketQuota } from './socket-quota.ts'

type Holder = { readonly id: string; readonly identity: Identity }

const wide = {
  maxSocketsPerSession: 100,
  maxSocketsPerSubject: 100,
  maxSocketsPerAddress: 100,
  socketLimitPolicy: 'refuse',
} as const

function make(limits: Partial<Parameters<typeof createSocketQuota>[0]>) {
  const gaveWay: string[] = []
  const quota = createSocketQuota<Holder>({ ...wide, ...limits }, (holder) => {
    gaveWay.push(holder.id)
    quota.giveBack(holder)
  })
  let count = 0
  /** A holder with a name of its own. */
  const holder = (changes: Partial<Identity> = {}): Holder => {
    count += 1
    return { id: `${count}`, identity: testIdentity(changes) }
  }
  const take = (changes: Partial<Identity> = {}) => quota.take(holder(changes))
  return { quota, gaveWay, holder, take }
}

const [session1, session2] = [{ sessionId: 's1' }, { sessionId: 's2' }]
const bob = { subject: 'bob', sessionId: 's3' }

describe('the quota of sockets', () => {
  it('SES-14 LIM-2 bounds a session and a subject, and says which was full', () => {
    const { take } = make({ maxSocketsPerSession: 2, maxSocketsPerSubject: 3 })
    expect([session1, session1, session1, session2, session2, bob].map(take)).toEqual([
      'taken',
      'taken',
      'session-full',
      'taken',
      'subject-full',
      'taken',
    ])
    expect(take({ issuer: 'https://other.test', sessionId: 's4' })).toBe('taken')
  })

  it('SES-14 gives back what was taken, once, and nothing of those that were refused', () => {
    const { quota, holder, take } = make({ maxSocketsPerSession: 1 })
    const [held, refused] = [holder(session1), holder(session1)]
    expect([quota.take(held), quota.take(refused)]).toEqual(['taken', 'session-full'])
    quota.giveBack(refused)
    expect(take(session1)).toBe('session-full')
    quota.giveBack(held)
    quota.giveBack(held)
    expect([take(session1), take(session1)]).toEqual(['taken', 'session-full'])
  })

  it.each([
    ['an IPv4 address', '192.0.2.1', '192.0.2.1', '192.0.2.2'],
    ['IPv6, by its /64', '2001:db8::1', '2001:db8:0:0:ffff::2', '2001:db8:0:1::1'],
    ['IPv4 however it is spelled', '192.0.2.1', '::ffff:192.0.2.1', '::ffff:192.0.2.2'],
  ])('SES-14 bounds %s, whoever is behind it', (_, first, same, other) => {
    const { take } = make({ maxSocketsPerAddress: 1 })
    expect([
      take({ clientAddress: first }),
      take({ ...bob, clientAddress: same }),
      take({ ...bob, clientAddress: other }),
    ]).toEqual(['taken', 'address-full', 'taken'])
  })

  it('SES-14 lets the oldest of the session or subject that is full give way, under that policy', () => {
    const { take, gaveWay } = make({
      maxSocketsPerSession: 2,
      maxSocketsPerSubject: 3,
      socketLimitPolicy: 'replace',
    })
    const order = [session2, session1, session1, bob, session1, session2, session2]
    expect(order.map(take)).toEqual(order.map(() => 'taken'))
    // s1 was full at its third, alice at her fourth and fifth; bob is nobody's to end.
    expect(gaveWay).toEqual(['2', '1', '3'])
  })

  it('SES-14 ends nobody for an address that is full, nor for a newcomer that is refused for it', () => {
    const { take, gaveWay } = make({
      maxSocketsPerSession: 1,
      maxSocketsPerAddress: 2,
      socketLimitPolicy: 'replace',
    })
    expect([take(session1), take(bob), take(session1), take(session2)]).toEqual([
      'taken',
      'taken',
      'address-full',
      'address-full',
    ])
    expect(gaveWay).toEqual([])
  })

  it('SES-14 refuses when the oldest does not give back', () => {
    const quota = createSocketQuota<Holder>(
      { ...wide, maxSocketsPerSession: 1, socketLimitPolicy: 'replace' },
      () => {},
    )
    const [first, second] = ['1', '2'].map((id) => ({ id, identity: testIdentity() }))
    expect([first, second].map((one) => one && quota.take(one))).toEqual(['taken', 'session-full'])
  })
})

describe('a socket that goes on under another session', () => {
  it('SES-14 RX.3 takes its place along', () => {
    const { quota, holder, take } = make({ maxSocketsPerSession: 1, maxSocketsPerSubject: 2 })
    const one = holder(session1)
    quota.take(one)
    expect(quota.move(one, 's2')).toBe(true)
    expect([take(session2), take(session1), take({ sessionId: 's9' })]).toEqual([
      'session-full',
      'taken',
      'subject-full',
    ])
    quota.giveBack(one)
    expect(take(session2)).toBe('taken')
  })

  it('SES-14 stays where it is when there is no room, or when it has no place at all', () => {
    const { quota, holder, take } = make({ maxSocketsPerSession: 1 })
    const [one, two] = [holder(session1), holder(session2)]
    for (const each of [one, two]) quota.take(each)
    expect([quota.move(one, 's2'), quota.move(one, 's1')]).toEqual([false, true])
    expect(take(session1)).toBe('session-full')
    expect(quota.move(holder(session1), 's5')).toBe(false)
  })

  it('SES-14 makes the oldest there give way, by when they came and not by when they moved', () => {
    const { quota, holder, take, gaveWay } = make({
      maxSocketsPerSession: 2,
      socketLimitPolicy: 'replace',
    })
    const [old, young, mover] = [holder(session1), holder(session2), holder(session1)]
    for (const each of [old, young, mover]) quota.take(each)
    expect(quota.move(old, 's2')).toBe(true)
    expect(quota.move(mover, 's2')).toBe(true)
    expect(gaveWay).toEqual([old.id])
    take(session2)
    expect(gaveWay).toEqual([old.id, young.id])
  })
})
