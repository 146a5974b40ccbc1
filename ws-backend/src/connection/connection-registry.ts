// Every socket that exists: by connection, and by what can be ended – session, person, token. A socket is in here from
// before the question "still good?" is asked until its transport is gone: nothing that ends an identity can miss one.

import type { Identity } from '@sallyport/contracts/identity'
import { createSocketSet } from './socket-set.ts'

type Member = { readonly id: string; readonly identity: Identity }

/** An index of connections; lookups return snapshots, so a caller may end what it walks over. */
export function createConnectionRegistry<T extends Member>() {
  const sockets = createSocketSet<T>()
  const bySession = new Map<string, Set<T>>()
  const byPerson = new Map<string, Set<T>>()
  const byToken = new Map<string, Set<T>>()

  function index(connection: T, identity: Identity): void {
    put(bySession, identity.sessionId, connection)
    put(byPerson, named(identity.issuer, identity.subject), connection)
    if (identity.token) put(byToken, named(identity.issuer, identity.token.id), connection)
  }

  function unindex(connection: T, identity: Identity): void {
    take(bySession, identity.sessionId, connection)
    take(byPerson, named(identity.issuer, identity.subject), connection)
    if (identity.token) take(byToken, named(identity.issuer, identity.token.id), connection)
  }

  return {
    add(connection: T): void {
      sockets.add(connection)
      index(connection, connection.identity)
    },
    remove(connection: T): void {
      if (sockets.remove(connection)) unindex(connection, connection.identity)
    },
    /**
     * Its identity is another one than `before`; in the same turn as the change. Means nothing for a connection that
     * is not registered any more.
     */
    reindex(connection: T, before: Identity): void {
      if (sockets.get(connection.id) !== connection) return
      unindex(connection, before)
      index(connection, connection.identity)
    },
    get: sockets.get,
    forSession: (sessionId: string): T[] => [...(bySession.get(sessionId) ?? [])],
    /** Subjects and token ids are unique within their issuer only. */
    forPerson: (issuer: string, subject: string): T[] => [
      ...(byPerson.get(named(issuer, subject)) ?? []),
    ],
    /** Those that rest on the token, or presented it beside what they rest on. */
    forToken: (issuer: string, tokenId: string): T[] => [
      ...(byToken.get(named(issuer, tokenId)) ?? []),
    ],
    /** The sessions that have a socket. */
    sessions: (): string[] => [...bySession.keys()],
    all: sockets.all,
    size: sockets.size,
    /** Resolves as soon as no connection is registered. */
    empty: sockets.empty,
  }
}

export type ConnectionRegistry<T extends Member> = ReturnType<typeof createConnectionRegistry<T>>

/** An issuer, being a URL, holds no blank. */
function named(issuer: string, name: string): string {
  return `${issuer} ${name}`
}

function put<T>(map: Map<string, Set<T>>, key: string, value: T): void {
  const known = map.get(key)
  if (known) known.add(value)
  else map.set(key, new Set([value]))
}

function take<T>(map: Map<string, Set<T>>, key: string, value: T): void {
  const known = map.get(key)
  known?.delete(value)
  if (known?.size === 0) map.delete(key)
}
