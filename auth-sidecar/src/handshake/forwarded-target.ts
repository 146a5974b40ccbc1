// What was asked for, as Traefik saw it: path, host and query of the original request. Compared as text and never
// interpreted: whatever two parsers could read differently is refused.

import { type Denial, refuse } from '@sallyport/contracts/denials'
import { err, ok, type Result } from '@sallyport/contracts/result'

/** What a route expects. */
export type ExpectedTarget = {
  readonly path: string
  /** Lower case, without port; none: every host. */
  readonly hosts: readonly string[]
  /** Whether `?ticket=` is a way of carrying a ticket. */
  readonly ticketInQuery: boolean
}

/** Names a credential could have in a query, where logs and referrers would keep it (RFC 6750 5.3, RFC 9700 4.3.2). */
const credentialNames = new Set([
  'access_token',
  'token',
  'id_token',
  'jwt',
  'bearer',
  'auth_token',
  'authorization',
])

// A name or an address and a port. No trailing dot: a router takes it for the same host, a policy might not.
const hostForm = /^([A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/

const none: readonly string[] = Object.freeze([])
const noTickets = ok(none)
const ours = ok(undefined)
const malformed = (reason: string) => refuse('malformed-handshake', reason)

/** Checks `X-Forwarded-Host` against a route's hosts; none of those means every host. */
export function readHost(
  host: string | undefined,
  hosts: readonly string[],
): Result<void, 'host' | 'host-of-another-route'> {
  const name = host === undefined ? undefined : hostForm.exec(host)?.[1]
  if (name === undefined) return err('host')
  const isOurs = hosts.length === 0 || hosts.includes(name.toLowerCase())
  return isOurs ? ours : err('host-of-another-route')
}

/** Checks the target against the route's; the value is the tickets of its query. */
export function readTarget(
  uri: string | undefined,
  host: string | undefined,
  expected: ExpectedTarget,
): Result<readonly string[], Denial> {
  const known = readHost(host, expected.hosts)
  if (!known.ok) return malformed(known.error)
  if (uri === expected.path) return noTickets
  const question = uri?.indexOf('?') ?? -1
  if (uri === undefined || question < 0 || uri.slice(0, question) !== expected.path) {
    return malformed('path')
  }
  return readQuery(uri.slice(question + 1), expected.ticketInQuery)
}

function readQuery(query: string, ticketInQuery: boolean): Result<readonly string[], Denial> {
  const tickets: string[] = []
  for (const [name, value] of new URLSearchParams(query)) {
    const plainName = name.toLowerCase()
    if (plainName === 'ticket' && ticketInQuery) tickets.push(value)
    else if (plainName === 'ticket' || credentialNames.has(plainName)) {
      const detail = 'A query string may not carry a credential'
      return refuse('malformed-handshake', 'credential-in-query', { detail })
    }
  }
  return ok(tickets)
}
