// The index of what can be ended: found by every name, under the identity of now, and gone when it is gone.

import { describe, expect, it } from 'vitest'
import { makeFakeConnection } from '../testing/fake-connection.ts'
import { createConnectionRegistry } from './connection-registry.ts'

const issuer = 'https://issuer.test'
const token = (id: string) => ({ id, keyId: 'k', issuedAtMs: 0 })

function make() {
  const registry = createConnectionRegistry<ReturnType<typeof makeFakeConnection>>()
  const connection = makeFakeConnection('c', { sessionId: 's1', token: token('t1') })
  registry.add(connection)
  const found = () => ({
    sessions: registry.sessions(),
    person: registry.forPerson(issuer, 'alice').length,
    old: [registry.forSession('s1').length, registry.forToken(issuer, 't1').length],
    new: [registry.forSession('s2').length, registry.forToken(issuer, 't2').length],
  })
  const change = () => {
    const before = connection.identity
    connection.identity = { ...before, sessionId: 's2', token: token('t2') }
    return before
  }
  return { registry, connection, found, change }
}

describe('the registry', () => {
  it('SES-2 finds a connection by session, by person and by token, within their issuer', () => {
    const { registry, connection, found } = make()
    expect(found()).toEqual({ sessions: ['s1'], person: 1, old: [1, 1], new: [0, 0] })
    expect(registry.get('c')).toBe(connection)
    expect(registry.forPerson('https://other.test', 'alice')).toEqual([])
    expect(registry.forToken('https://other.test', 't1')).toEqual([])
  })

  it('RX.3 finds it under its new identity only, and forgets all of it at the end', () => {
    const { registry, connection, found, change } = make()
    registry.reindex(connection, change())
    expect(found()).toEqual({ sessions: ['s2'], person: 1, old: [0, 0], new: [1, 1] })
    registry.remove(connection)
    expect(found()).toEqual({ sessions: [], person: 0, old: [0, 0], new: [0, 0] })
    expect(registry.size()).toBe(0)
  })

  it('RX.11 keeps nothing of one whose identity changed after it was gone', () => {
    const { registry, connection, found, change } = make()
    registry.remove(connection)
    registry.reindex(connection, change())
    expect(found()).toEqual({ sessions: [], person: 0, old: [0, 0], new: [0, 0] })
  })
})
