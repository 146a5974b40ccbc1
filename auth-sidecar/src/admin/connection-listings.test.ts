import type { ConnectionsAnswer } from '@sallyport/contracts/authority-questions'
import { afterEach, describe, expect, it } from 'vitest'
import { createAuthorityFeed } from '../authority/authority-feed.ts'
import { createConnectionListings } from './connection-listings.ts'
import { createAdminFixture, socketOf } from './testing/admin-fixture.ts'

const closers: (() => unknown)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

async function start() {
  const fixture = await createAdminFixture()
  closers.push(fixture.close)
  return { ...fixture, ask: fixture.deps.listings.ask }
}

const at = (second: number) => `2027-01-15T08:00:0${second}.000Z`

describe('the list of connections', () => {
  it('SES-7 is put together from every node that reads the feed, the oldest first', async () => {
    const { addNode, ask } = await start()
    addNode('b', [socketOf('c2', { connectedAt: at(2) }), socketOf('c4', { connectedAt: at(4) })])
    addNode('a', [socketOf('c3', { connectedAt: at(3) })])
    expect(await ask({})).toEqual({
      ok: true,
      value: {
        nodes: [
          { node: 'a', total: 1, answered: true },
          { node: 'b', total: 2, answered: true },
        ],
        connections: [
          { node: 'b', ...socketOf('c2', { connectedAt: at(2) }) },
          { node: 'a', ...socketOf('c3', { connectedAt: at(3) }) },
          { node: 'b', ...socketOf('c4', { connectedAt: at(4) }) },
        ],
      },
    })
  })

  it('SES-7 asks each node only for what is meant', async () => {
    const { addNode, ask } = await start()
    const { heard } = addNode('a', [
      socketOf('c1'),
      socketOf('c2', { subject: 'bob', sessionId: 's2' }),
    ])
    const found = await ask({ subject: 'bob', sessionId: 's2' })
    expect(heard.at(-1)).toMatchObject({
      type: 'list-connections',
      subject: 'bob',
      sessionId: 's2',
    })
    expect(found.ok && found.value.connections.map(({ connectionId }) => connectionId)).toEqual([
      'c2',
    ])
  })

  it('SES-7 names the nodes that said nothing', async () => {
    const { addNode, ask, feed } = await start()
    addNode('a', [socketOf('c1')])
    feed.attach(undefined, { node: 'frozen', read: () => {}, lost: () => {} })
    expect(await ask({})).toMatchObject({
      value: {
        nodes: [
          { node: 'a', answered: true },
          { node: 'frozen', total: 0, answered: false },
        ],
        connections: [{ connectionId: 'c1' }],
      },
    })
  })

  it('SES-7 has the sockets of two processes that call themselves the same, each once', async () => {
    const { addNode, ask } = await start()
    addNode('a', [socketOf('c1')])
    addNode('a', [socketOf('c1'), socketOf('c2')])
    const found = await ask({})
    expect(found.ok && found.value.nodes).toEqual([{ node: 'a', total: 3, answered: true }])
    expect(
      found.ok && found.value.connections.map(({ connectionId }) => connectionId).sort(),
    ).toEqual(['c1', 'c2'])
  })

  it('SES-7 is there as soon as one socket that was asked for is found', async () => {
    const { addNode, feed } = await start()
    const listings = createConnectionListings({ feed, maxWaitMs: 2 ** 30 })
    feed.attach(undefined, {
      node: 'a',
      lost: () => {},
      read: (line) => {
        if (line.type !== 'list-connections') return
        const { questionId } = line
        listings.receive({ questionId, node: 'a', total: 1, connections: [socketOf('c1')] })
      },
    })
    addNode('frozen', [])
    expect(await listings.ask({ connectionId: 'c1' })).toMatchObject({
      value: { connections: [{ node: 'a', connectionId: 'c1' }] },
    })
  })

  it('SES-7 is empty without nodes, and refused while nobody can be asked', async () => {
    const { ask, feed } = await start()
    expect(await ask({})).toEqual({ ok: true, value: { nodes: [], connections: [] } })
    feed.lose()
    expect(await ask({})).toMatchObject({ error: { code: 'unavailable', reason: 'feed-lost' } })
  })

  it('SES-7 drops what nobody asked for, or what is of a node that was not asked', async () => {
    const feed = createAuthorityFeed(1)
    feed.follow({ epoch: 'e', sequence: 0 })
    const listings = createConnectionListings({ feed, maxWaitMs: 30 })
    const forged = (questionId: string, node: string): ConnectionsAnswer => ({
      questionId,
      node,
      total: 9,
      connections: [socketOf('forged')],
    })
    listings.receive(forged('unknown', 'a'))
    feed.attach(undefined, {
      node: 'a',
      lost: () => {},
      read: (line) => {
        if (line.type === 'list-connections') listings.receive(forged(line.questionId, 'other'))
      },
    })
    const found = await listings.ask({})
    expect(found).toEqual({
      ok: true,
      value: { nodes: [{ node: 'a', total: 0, answered: false }], connections: [] },
    })
  })

  it('RX.1 is made for so many at once', async () => {
    const { ask, feed } = await start()
    feed.attach(undefined, { node: 'frozen', read: () => {}, lost: () => {} })
    const asked = await Promise.all(Array.from({ length: 9 }, () => ask({})))
    expect(asked.map(({ ok }) => ok)).toEqual([...Array.from({ length: 8 }, () => true), false])
    expect((await ask({})).ok).toBe(true)
  })
})
