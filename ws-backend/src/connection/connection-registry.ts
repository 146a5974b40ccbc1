// Every socket that exists, by connection and by session. A socket is in here from before the question
// "still good?" is asked until its transport is gone: nothing that ends an identity can miss one.

import type { Identity } from '@sallyport/contracts/identity'
import { createSocketSet } from './socket-set.ts'

type Member = { readonly id: string; readonly identity: Identity }

/** An index of connections; lookups return snapshots, so a caller may end what it walks over. */
export function createConnectionRegistry<T extends Member>() {
  const sockets = createSocketSet<T>()
  const bySession = new Map<string, Set<T>>()

  return {
    add(connection: T): void {
      sockets.add(connection)
      index(bySession, connection.identity.sessionId, connection)
    },
    remove(connection: T): void {
      if (sockets.remove(connection)) {
        unindex(bySession, connection.identity.sessionId, connection)
      }
    },
    forSession: (sessionId: string): T[] => [...(bySession.get(sessionId) ?? [])],
    all: sockets.all,
    size: sockets.size,
    /** Resolves as soon as no connection is registered. */
    empty: sockets.empty,
  }
}

export type ConnectionRegistry<T extends Member> = ReturnType<typeof createConnectionRegistry<T>>

function index<T>(map: Map<string, Set<T>>, key: string, value: T): void {
  const known = map.get(key)
  if (known) known.add(value)
  else map.set(key, new Set([value]))
}

function unindex<T>(map: Map<string, Set<T>>, key: string, value: T): void {
  const known = map.get(key)
  known?.delete(value)
  if (known?.size === 0) map.delete(key)
}
