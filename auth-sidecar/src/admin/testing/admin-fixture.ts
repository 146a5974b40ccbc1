// What the operator's actions are tested on: the real stores, feed, listings and audit log, with a clock that tests
// move, and one admin token for each scope. Test code only.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FeedLine } from '@sallyport/contracts/authority-event'
import type { ListedConnection } from '@sallyport/contracts/authority-questions'
import { createLog } from '@sallyport/service-kit/log'
import { createMemoryAttemptLimiter } from '../../limits/attempt-limiter.memory.ts'
import { createMetrics } from '../../metrics.ts'
import { createSecret } from '../../sessions/session-secret.ts'
import { createDomainFixture } from '../../testing/domain-fixture.ts'
import { type AdminScope, type AdminToken, adminScopes, hashAdminSecret } from '../admin-tokens.ts'
import { createAuditLog } from '../audit-log.ts'
import { adminFailuresPerMinute } from '../authenticate-admin.ts'
import { type ConnectionListings, createConnectionListings } from '../connection-listings.ts'

/** An admin token and its secret. */
export function adminTokenOf(name: string, scopes: readonly AdminScope[]) {
  const secret = `spa_${createSecret()}`
  const token: AdminToken = { name, hash: hashAdminSecret(secret), scopes }
  return { secret, token }
}

/** A socket as a node lists it. */
export function socketOf(
  connectionId: string,
  changes: Partial<ListedConnection> = {},
): ListedConnection {
  return {
    connectionId,
    issuer: 'https://app.example.com/auth',
    subject: 'alice',
    username: 'alice',
    sessionId: 'session-1',
    way: 'session-cookie',
    route: 'websocket',
    clientAddress: '203.0.113.7',
    connectedAt: '2027-01-15T08:00:00.000Z',
    expiresInMs: 1000,
    ...changes,
  }
}

export const caller = { who: 'operator', requestId: 'r1', clientAddress: '203.0.113.9' }

/** Everything that the operator's actions depend on. Ask it to `close` when the test is over. */
export async function createAdminFixture() {
  const domain = await createDomainFixture()
  const { feed, authorities, sessions, issuer } = domain
  const { now } = domain.deps
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-admin-'))
  const auditFile = join(folder, 'audit.jsonl')
  const lines: string[] = []
  const log = createLog('auth-sidecar', 'info', { write: (line) => void lines.push(line) })
  const operator = adminTokenOf('operator', adminScopes)
  const listings = createConnectionListings({ feed, maxWaitMs: 30 })
  const deps = {
    authorities,
    sessions,
    issuer,
    now,
    listings,
    log,
    metrics: createMetrics(),
    audit: createAuditLog({ path: auditFile, log, now }),
    tokens: () => [operator.token],
    failures: createMemoryAttemptLimiter({
      limit: adminFailuresPerMinute,
      windowMs: 60_000,
      maxKeys: 100,
      now,
    }),
    isReady: () => true,
    clientAddressOf: domain.deps.clientAddressOf,
  }
  return {
    ...domain,
    /** What handshakes are decided on. */
    domain: domain.deps,
    deps,
    operator,
    lines,
    auditFile,
    /** The audit log's lines, parsed. */
    audited: () =>
      readFileSync(auditFile, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    addNode: (node: string, sockets: readonly ListedConnection[]) =>
      attachNode({ feed, listings, node, sockets }),
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}

type NodeDeps = {
  readonly feed: Awaited<ReturnType<typeof createDomainFixture>>['feed']
  readonly listings: ConnectionListings
  readonly node: string
  readonly sockets: readonly ListedConnection[]
}

/** A backend on the feed that answers what it is asked; `heard` is what it was told. */
function attachNode({ feed, listings, node, sockets }: NodeDeps) {
  const heard: FeedLine[] = []
  const read = (line: FeedLine) => {
    heard.push(line)
    if (line.type !== 'list-connections') return
    const { questionId, subject, sessionId, connectionId } = line
    const connections = sockets.filter(
      (each) =>
        (subject ?? each.subject) === each.subject &&
        (sessionId ?? each.sessionId) === each.sessionId &&
        (connectionId ?? each.connectionId) === each.connectionId,
    )
    // Over the network an answer comes after the question was put to everybody.
    setImmediate(() => listings.receive({ questionId, node, total: sockets.length, connections }))
  }
  const detach = feed.attach(undefined, { node, read, lost: () => {} })
  return { heard, detach }
}
