// `GET /admin/sessions?subject=` and `DELETE /admin/sessions/:id`: the sessions of a subject of the built-in issuer, and
// the end of one. Sessions of other issuers are kept by those; here only their sockets are known.

import { type Denial, refuse } from '@sallyport/contracts/denials'
import { ok, type Result } from '@sallyport/contracts/result'
import type { AuthorityStore } from '../authority/authority-store.ts'
import { judgePresented } from '../authority/judge-authority.ts'
import type { SessionRecord, SessionStore } from '../sessions/session-store.ts'
import { type AdminCaller, type AuditedDeps, audited } from './audited.ts'
import { idValue, nameValue, readQuery } from './read-query.ts'
import { endSessionById } from './revoke.ts'

export type AdminSessionsDeps = AuditedDeps & {
  readonly authorities: Pick<AuthorityStore, 'apply' | 'current'>
  readonly sessions: Pick<SessionStore, 'ofSubject' | 'remove'>
  /** The built-in issuer. */
  readonly issuer: string
}

/** A session as an operator sees it. Times are ISO 8601. */
export type ListedSession = {
  readonly sessionId: string
  readonly subject: string
  readonly username: string
  readonly device: SessionRecord['device']
  readonly createdAt: string
  readonly expiresAt: string
  /** Its cookie was ended; its tokens live until they expire. */
  readonly isCookieEnded: boolean
}

const listForm = { subject: nameValue }

/** The live sessions of a subject, oldest first. Rejects only on an outage. */
export async function listSessions(
  query: URLSearchParams,
  caller: AdminCaller,
  deps: AdminSessionsDeps,
): Promise<Result<{ readonly sessions: readonly ListedSession[] }, Denial>> {
  const read = readQuery(query, listForm)
  if (!read.ok) return read
  const { subject } = read.value
  if (subject === undefined) {
    return refuse('malformed-request', 'query', { detail: 'subject: is needed' })
  }
  return audited({ action: 'list-sessions', target: { subject } }, caller, deps, async () => {
    const own = await deps.sessions.ofSubject(subject)
    const listed = await Promise.all(own.map((record) => listSession(record, deps)))
    return ok({ sessions: listed.filter((each) => each !== undefined) })
  })
}

/** Undefined for a session that has ended and whose record is still there. */
async function listSession(
  record: SessionRecord,
  { authorities, issuer }: Pick<AdminSessionsDeps, 'authorities' | 'issuer'>,
): Promise<ListedSession | undefined> {
  const { sessionId, subject, username, device, generation } = record
  const state = await authorities.current({ issuer, subject, sessionId })
  const carried = { generation, restsOnCookie: false }
  if (judgePresented(carried, state) !== 'good') return undefined
  return {
    sessionId,
    subject,
    username,
    device,
    createdAt: new Date(record.createdAtMs).toISOString(),
    expiresAt: new Date(record.expiresAtMs).toISOString(),
    isCookieEnded: state.isCookieEnded,
  }
}

/** Ends a session with its tokens and sockets; one that nobody knows is no error. Rejects only on an outage. */
export async function endSessionOf(
  { id, query }: { readonly id: string; readonly query: URLSearchParams },
  caller: AdminCaller,
  deps: AdminSessionsDeps,
): Promise<Result<undefined, Denial>> {
  const read = readQuery(query, {})
  if (!read.ok) return read
  if (!idValue.test(id)) return refuse('not-found', 'session')
  const action = { action: 'end-session', target: { sessionId: id } }
  return audited(action, caller, deps, async () => {
    await endSessionById({ sessionId: id }, deps)
    return ok(undefined)
  })
}
