// The table "what ends what" as a backend applies it: every kind of line, on sockets that it means and on their neighbours.

import type { Identity } from '@sallyport/contracts/identity'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createConnectionRegistry } from '../connection/connection-registry.ts'
import { type FakeConnection, makeFakeConnection } from '../testing/fake-connection.ts'
import { type AuthorityOutcome, createApplyOutcome } from './apply-outcome.ts'
import { createEndMany } from './end-many.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const issuer = 'https://issuer.test'
const token = { id: 't1', keyId: 'k', issuedAtMs: 0 }

/** By what each came, in the session and the person of their names. */
const everybody = {
  cookie: { sessionId: 's1', way: 'session-cookie' },
  ticketOfCookie: { sessionId: 's1', way: 'ticket' },
  ticketOfToken: { sessionId: 's1', way: 'ticket', token },
  tokenCookie: { sessionId: 's1', way: 'token-cookie', token },
  otherToken: { sessionId: 's1', way: 'subprotocol', token: { ...token, id: 't2' } },
  otherSession: { sessionId: 's2', way: 'session-cookie' },
  otherPerson: { sessionId: 's3', subject: 'bob' },
  otherIssuer: { sessionId: 's4', issuer: 'https://other.test', token },
} as const satisfies Record<string, Partial<Identity>>

type Name = keyof typeof everybody

function make(answers: () => Promise<void> = () => Promise.resolve()) {
  const registry = createConnectionRegistry<FakeConnection>()
  for (const [name, identity] of Object.entries(everybody)) {
    registry.add(makeFakeConnection(name, identity))
  }
  const stopping = new AbortController()
  const asked: string[][] = []
  const apply = createApplyOutcome({
    registry,
    endMany: createEndMany(setImmediate),
    async askAbout(connections) {
      asked.push(connections.map(({ id }) => id))
      await answers()
    },
    async askAboutAll() {
      asked.push(['everybody'])
    },
    stopped: stopping.signal,
  })
  /** What was said to whom; those that heard nothing are left out. */
  const heard = (): Record<string, string> =>
    Object.fromEntries(
      registry.all().flatMap(({ id, said }) => (said.length > 0 ? [[id, said.join(' ')]] : [])),
    )
  return { registry, apply, asked, heard, stop: () => stopping.abort() }
}

const revoked = 'sessionRevoked goodbye'
const all = (said: string, ...names: readonly Name[]) =>
  Object.fromEntries(names.map((name) => [name, said]))
const ofSession = [
  'cookie',
  'ticketOfCookie',
  'ticketOfToken',
  'tokenCookie',
  'otherToken',
] as const satisfies readonly Name[]

const table: readonly [string, AuthorityOutcome, Record<string, string>][] = [
  [
    'SES-2 a session: every socket of it, however opened',
    { type: 'session-ended', sequence: 1, sessionId: 's1', subject: 'alice', scope: 'everything' },
    all(revoked, ...ofSession),
  ],
  [
    'SES-2 a session’s cookie: what rests on it, its tokens live on',
    { type: 'session-ended', sequence: 1, sessionId: 's1', subject: 'alice', scope: 'cookie' },
    all(revoked, 'cookie', 'ticketOfCookie'),
  ],
  [
    'SES-2 a person: all sessions, and nobody of the same name at another issuer',
    { type: 'subject-ended', sequence: 1, issuer, subject: 'alice' },
    all(revoked, ...ofSession, 'otherSession'),
  ],
  [
    'SES-2 a token: what rests on it, and no token of another issuer with its id',
    { type: 'token-revoked', sequence: 1, issuer, tokenId: 't1' },
    all('tokenInvalid goodbye', 'ticketOfToken', 'tokenCookie'),
  ],
  [
    'RX.1 one connection, by an operator',
    { type: 'connection-ended', sequence: 1, connectionId: 'otherPerson' },
    all('endByOperator', 'otherPerson'),
  ],
  [
    'R3.7 an extended session: what its token cookie opened',
    {
      type: 'session-extended',
      sequence: 1,
      sessionId: 's1',
      subject: 'alice',
      expiresAtMs: 99,
      token: { ...token, id: 't9' },
    },
    all('until 99 by t9', 'tokenCookie'),
  ],
  [
    'nobody that is here',
    { type: 'session-ended', sequence: 1, sessionId: 's9', subject: 'x', scope: 'everything' },
    {},
  ],
  ['nobody that is here', { type: 'connection-ended', sequence: 1, connectionId: 'gone' }, {}],
]

describe('a line of a feed', () => {
  it.each(table)('ends or extends %s', async (_, outcome, expected) => {
    const { apply, heard, asked } = make()
    await apply(outcome)
    expect([heard(), asked]).toEqual([expected, []])
  })

  it('RX.2 that names nobody asks about everybody', async () => {
    const { apply, heard, asked } = make()
    await apply({ type: 'check-all' })
    expect([heard(), asked]).toEqual([{}, [['everybody']]])
  })
})

describe('a subject that may be back', () => {
  const doubted = { type: 'subject-doubted', issuer, subject: 'bob' } as const

  it('is asked about, and none of its sockets ends by the line itself', async () => {
    const { apply, heard, asked } = make()
    await apply(doubted)
    expect([heard(), asked, vi.getTimerCount()]).toEqual([{}, [['otherPerson']], 0])
  })

  it('has to come back when nobody can tell in time', async () => {
    const { apply, heard } = make(() => new Promise(() => {}))
    const applied = apply(doubted)
    await vi.advanceTimersByTimeAsync(1999)
    expect(heard()).toEqual({})
    await vi.advanceTimersByTimeAsync(1)
    await applied
    expect(heard()).toEqual(all('unavailable goodbye', 'otherPerson'))
  })

  it('is asked about again when its margin is over, and may stay until then', async () => {
    const { apply, heard, asked } = make()
    await apply({ ...doubted, marginMs: 5000 })
    await vi.advanceTimersByTimeAsync(4999)
    expect([heard(), asked]).toEqual([{}, [['otherPerson']]])
    await vi.advanceTimersByTimeAsync(1)
    expect(asked).toEqual([['otherPerson'], ['otherPerson']])
  })
})

describe('an end with a margin', () => {
  const ended: AuthorityOutcome = {
    type: 'token-revoked',
    sequence: 1,
    issuer,
    tokenId: 't1',
    marginMs: 2000,
  }

  it('RX.1 is announced to those it means, with the end they will have', async () => {
    const { apply, heard } = make()
    await apply(ended)
    expect(heard()).toEqual(all('tokenInvalid within 2000', 'ticketOfToken', 'tokenCookie'))
  })

  it('W86 whoever registered after the line and was still called good is asked about when it is over', async () => {
    const { apply, registry, asked, heard } = make()
    await apply(ended)
    registry.add(makeFakeConnection('late', { token, sessionId: 's1' }))
    await vi.advanceTimersByTimeAsync(1999)
    expect([asked, heard()['late']]).toEqual([[], undefined])
    await vi.advanceTimersByTimeAsync(1)
    expect(asked).toEqual([['ticketOfToken', 'tokenCookie', 'late']])
  })

  it('leaves no timer behind when it is stopped', async () => {
    const { apply, stop } = make()
    await apply(ended)
    stop()
    await vi.advanceTimersByTimeAsync(0)
    expect(vi.getTimerCount()).toBe(0)
  })
})
