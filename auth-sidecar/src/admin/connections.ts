// `GET /admin/connections` and `DELETE /admin/connections/:id`: who is connected, over all nodes, and the end of one
// socket, alone or with its session. What a node says of its sockets is believed: it has them.

import { type Denial, refuse } from '@sallyport/contracts/denials'
import { ok, type Result } from '@sallyport/contracts/result'
import type { AuthorityStore } from '../authority/authority-store.ts'
import type { SessionStore } from '../sessions/session-store.ts'
import { type AdminCaller, type AuditedDeps, audited } from './audited.ts'
import type {
  CollectedConnections,
  ConnectionListings,
  FoundConnection,
} from './connection-listings.ts'
import { idValue, nameValue, readQuery } from './read-query.ts'
import { endSessionById } from './revoke.ts'

export type ListConnectionsDeps = AuditedDeps & {
  readonly listings: Pick<ConnectionListings, 'ask'>
}

export type EndConnectionDeps = ListConnectionsDeps & {
  readonly authorities: Pick<AuthorityStore, 'apply'>
  readonly sessions: Pick<SessionStore, 'remove'>
}

const defaultLimit = 100

const listForm = { subject: nameValue, sessionId: idValue, limit: /^(?:[1-9]\d{0,2}|1000)$/ }

/** The oldest sockets first, `limit` of them; each node says how many it has. Rejects only on an outage. */
export async function listConnections(
  query: URLSearchParams,
  caller: AdminCaller,
  deps: ListConnectionsDeps,
): Promise<Result<CollectedConnections, Denial>> {
  const read = readQuery(query, listForm)
  if (!read.ok) return read
  const { limit = `${defaultLimit}`, ...filter } = read.value
  return audited({ action: 'list-connections', target: filter }, caller, deps, async () => {
    const found = await deps.listings.ask(filter)
    if (!found.ok) return found
    const { nodes, connections } = found.value
    return ok({ nodes, connections: connections.slice(0, Number(limit)) })
  })
}

const endForm = { revoke: /^session$/ }

/** True when the request asks for the end of the session too, which needs a scope of its own. */
export function asksForSession(query: URLSearchParams): boolean {
  return query.has('revoke')
}

/** Ends one socket, wherever it is. Rejects only on an outage. */
export async function endConnection(
  { id, query }: { readonly id: string; readonly query: URLSearchParams },
  caller: AdminCaller,
  deps: EndConnectionDeps,
): Promise<Result<undefined, Denial>> {
  const read = readQuery(query, endForm)
  if (!read.ok) return read
  // No node can have it.
  if (!idValue.test(id)) return noSuchConnection()
  const withSession = read.value.revoke !== undefined
  const action = withSession ? 'end-connection-and-session' : 'end-connection'
  return audited({ action, target: { connectionId: id } }, caller, deps, async (noteTarget) => {
    const found = await findConnection(id, deps)
    if (!found.ok) return found
    if (withSession) {
      const { sessionId, subject, issuer } = found.value
      // Whose session it is says the node only: nobody could tell it afterwards.
      await noteTarget({ sessionId, subject, issuer })
      await endSessionById({ sessionId, subject }, deps)
    } else await deps.authorities.apply({ type: 'end-connection', connectionId: id })
    return ok(undefined)
  })
}

function noSuchConnection(): Result<never, Denial> {
  return refuse('not-found', 'connection', { detail: 'No node has this connection' })
}

async function findConnection(
  connectionId: string,
  { listings }: Pick<EndConnectionDeps, 'listings'>,
): Promise<Result<FoundConnection, Denial>> {
  const asked = await listings.ask({ connectionId })
  if (!asked.ok) return asked
  const { nodes, connections } = asked.value
  const found = connections.find((each) => each.connectionId === connectionId)
  if (found) return ok(found)
  if (nodes.every(({ answered }) => answered)) return noSuchConnection()
  // "Not found" would say that it is gone.
  const detail = 'Not every node has answered; GET /admin/connections says which'
  return refuse('unavailable', 'node-silent', { detail, retryAfterSeconds: 2 })
}
