// `POST /admin/revocations`: a subject, a session, its cookie, a token, or all tokens of a key or an issuer end, on every
// node. Like RFC 7009 it answers the same for what nobody knows: what is unknown here may be good elsewhere.

import { randomUUID } from 'node:crypto'
import { type Denial, refuse } from '@sallyport/contracts/denials'
import { ok, type Result } from '@sallyport/contracts/result'
import type { AuthorityStore } from '../authority/authority-store.ts'
import { type EndSessionDeps, endSession } from '../authority/end-session.ts'
import type { SessionStore } from '../sessions/session-store.ts'
import { type AdminCaller, type AuditedDeps, audited } from './audited.ts'
import { parseRevocation, type Revocation } from './parse-revocation.ts'

export type RevokeDeps = AuditedDeps & {
  readonly authorities: Pick<AuthorityStore, 'apply'>
  readonly sessions: Pick<SessionStore, 'ofSubject' | 'remove'>
  /** The built-in issuer. */
  readonly issuer: string
  /** Wall clock, ms. */
  readonly now: () => number
}

/** `id` finds it in the audit log; `effectiveAt` (ISO 8601) is when no credential it concerns was good any more. */
export type RevocationAnswer = { readonly id: string; readonly effectiveAt: string }

/** Revokes what the body names. Rejects only on an outage. */
export async function revoke(
  body: unknown,
  caller: AdminCaller,
  deps: RevokeDeps,
): Promise<Result<RevocationAnswer, Denial>> {
  const parsed = parseRevocation(body, { builtInIssuer: deps.issuer, nowMs: deps.now() })
  if (!parsed.ok) {
    return refuse('malformed-request', 'revocation', { detail: parsed.error.join('; ') })
  }
  const { reason, ...revocation } = parsed.value
  const id = randomUUID()
  const action = { action: 'revoke', target: { id, ...targetOf(revocation) }, reason }
  return audited(action, caller, deps, async () => {
    await applyRevocation(parsed.value, deps)
    return ok({ id, effectiveAt: new Date(deps.now()).toISOString() })
  })
}

/** Nothing of it is a secret: ids, names and times. */
function targetOf(revocation: Omit<Revocation, 'reason'>): Record<string, string | number> {
  const members: readonly (readonly [string, string | number | undefined])[] =
    Object.entries(revocation)
  return Object.fromEntries(
    members.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

/** Whose session it is matters to nobody who ends it by its id: that is unique over all issuers. */
const anySubject = '-'

async function applyRevocation(revocation: Revocation, deps: RevokeDeps): Promise<unknown> {
  const { authorities } = deps
  switch (revocation.type) {
    case 'subject':
      return endSubject(revocation, deps)
    case 'session':
      return endSessionById(revocation, deps, revocation.marginMs)
    case 'cookie': {
      // Its record stays: its tokens live, and whoever ends its subject's older sessions must find it.
      const { sessionId } = revocation
      return authorities.apply({ type: 'end-cookie', sessionId, subject: anySubject })
    }
    case 'token': {
      const { issuer, tokenId, marginMs } = revocation
      return authorities.apply({ type: 'revoke-token', issuer, tokenId, marginMs })
    }
    case 'issued-before': {
      const { issuer, keyId, issuedBeforeMs } = revocation
      return authorities.apply({ type: 'revoke-issued-before', issuer, keyId, issuedBeforeMs })
    }
  }
}

/** Ends a session by its id, of whichever issuer, known or not. Rejects only on an outage. */
export function endSessionById(
  { sessionId, subject = anySubject }: { readonly sessionId: string; readonly subject?: string },
  deps: EndSessionDeps,
  marginMs?: number,
): Promise<void> {
  return endSession({ sessionId, subject }, deps, marginMs)
}

async function endSubject(
  revocation: Extract<Revocation, { type: 'subject' }>,
  deps: RevokeDeps,
): Promise<void> {
  const { issuer, subject, issuedBeforeMs, marginMs } = revocation
  // Before anything ends: who signs in anew right after it must not lose what was begun then.
  const [listed] = await Promise.allSettled([
    issuer === deps.issuer ? deps.sessions.ofSubject(subject) : [],
  ])
  if (issuer === deps.issuer && issuedBeforeMs !== undefined && issuedBeforeMs < deps.now()) {
    const own = valueOf(listed)
    // What was issued here rests on a session, and is as old as that; ending the subject would end all of them.
    const older = own.filter(({ createdAtMs }) => createdAtMs <= issuedBeforeMs)
    for (const session of older) await endSession(session, deps, marginMs)
    return
  }
  const untilMs = issuedBeforeMs ?? deps.now()
  await deps.authorities.apply({
    type: 'end-subject',
    issuer,
    subject,
    issuedBeforeMs: untilMs,
    marginMs,
  })
  // Only now: one record that cannot be read must not keep somebody from being ended.
  for (const { sessionId } of valueOf(listed)) await deps.sessions.remove(sessionId)
}

function valueOf<Value>(settled: PromiseSettledResult<Value>): Value {
  if (settled.status === 'rejected') throw settled.reason
  return settled.value
}
