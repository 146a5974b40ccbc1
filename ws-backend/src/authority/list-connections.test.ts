// Which sockets an operator is told of.

import {
  connectionsAnswerSchema,
  maxListedConnections,
} from '@sallyport/contracts/authority-questions'
import { describe, expect, it } from 'vitest'
import { makeFakeConnection } from '../testing/fake-connection.ts'
import { listConnections } from './list-connections.ts'

const question = { type: 'list-connections', questionId: 'q' } as const

function makeLive(id: string, sessionId = id, subject = 'alice') {
  const connection = makeFakeConnection(id, { sessionId, subject })
  connection.confirm()
  return connection
}

describe('the listing', () => {
  it('RX.1 names what an operator asks for, in the agreed form', () => {
    const answer = listConnections(question, 'node-1', [makeLive('c1', 's1')])
    expect(connectionsAnswerSchema.parse(answer)).toEqual({
      questionId: 'q',
      node: 'node-1',
      total: 1,
      connections: [
        {
          connectionId: 'c1',
          issuer: 'https://issuer.test',
          subject: 'alice',
          username: 'alice',
          sessionId: 's1',
          way: 'session-cookie',
          route: 'websocket',
          clientAddress: '127.0.0.1',
          connectedAt: '1970-01-01T00:00:00.000Z',
          expiresInMs: 1000,
        },
      ],
    })
  })

  it('RX.1 names the time that is left in whole milliseconds', () => {
    const precise = { ...makeLive('c1'), expiresInMs: () => 1234.5678 }
    const [listed] = listConnections(question, 'node-1', [precise]).connections
    expect(listed?.expiresInMs).toBe(1235)
  })

  it.each([
    [{}, ['c1', 'c2', 'c3']],
    [{ subject: 'alice' }, ['c1', 'c2']],
    [{ sessionId: 's2' }, ['c2']],
    [{ connectionId: 'c3' }, ['c3']],
    [{ subject: 'alice', connectionId: 'c3' }, []],
  ])('finds by %j', (filter, expected) => {
    const connections = [makeLive('c1', 's1'), makeLive('c2', 's2'), makeLive('c3', 's3', 'bob')]
    const answer = listConnections({ ...question, ...filter }, 'node-1', connections)
    expect(answer.connections.map(({ connectionId }) => connectionId)).toEqual(expected)
    expect(answer.total).toBe(expected.length)
  })

  it('leaves out what is not live: still asked about, or ending', () => {
    const ending = makeLive('c1')
    ending.end('lost')
    const answer = listConnections(question, 'node-1', [ending, makeFakeConnection('c2')])
    expect([answer.total, answer.connections]).toEqual([0, []])
  })

  it('RX.11 names so many and counts the rest', () => {
    const many = Array.from({ length: maxListedConnections + 1 }, (_, n) => makeLive(`c${n}`))
    const answer = listConnections(question, 'node-1', many)
    expect([answer.total, answer.connections.length]).toEqual([1001, 1000])
  })
})
