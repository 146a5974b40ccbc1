// What a change of authority leaves behind, and what it tells. Pure: from a change and the record before it to the
// record after it and its event. Knows no clock of its own and no place where records are kept.

import type { AuthorityEvent } from '@sallyport/contracts/authority-event'
import type { AuthorityChange } from './authority-store.ts'

/** What a record is about. `issuer` and `key`: tokens issued until a moment. */
export const recordKinds = ['session', 'cookie', 'subject', 'token', 'issuer', 'key'] as const

export type RecordKind = (typeof recordKinds)[number]

/** One durable record; a change of the same thing replaces it. */
export type AuthorityRecord = {
  readonly kind: RecordKind
  /** Which one of its kind. */
  readonly key: string
  /** How often it was ended. */
  readonly generation: number
  /** Tokens issued until then are void; 0 for none. */
  readonly issuedBeforeMs: number
  /** Live sockets are left alone until then; 0 for no margin. */
  readonly graceUntilMs: number
  readonly changedAtMs: number
  /** Nothing can refer to it from then on. */
  readonly keptUntilMs: number
  readonly fingerprint?: string
}

type Clock = { readonly nowMs: number; readonly recordLifeMs: number }

/** No live socket is left alone for longer; after it, nothing alive is older than a record. */
export const maxMarginMs = 60_000

/** The key of what only two names tell apart; with its length before it, no name can be taken for part of the other. */
export function pairKey(issuer: string, name: string): string {
  return `${issuer.length} ${issuer} ${name}`
}

/** Which record a change is about; undefined for one that is an event only. */
export function recordPlace(
  change: AuthorityChange,
): { kind: RecordKind; key: string } | undefined {
  switch (change.type) {
    case 'end-session':
      return { kind: 'session', key: change.sessionId }
    case 'end-cookie':
      return { kind: 'cookie', key: change.sessionId }
    case 'end-subject':
      return { kind: 'subject', key: pairKey(change.issuer, change.subject) }
    case 'revoke-token':
      return { kind: 'token', key: pairKey(change.issuer, change.tokenId) }
    case 'revoke-issued-before': {
      const { issuer, keyId } = change
      return keyId === undefined
        ? { kind: 'issuer', key: issuer }
        : { kind: 'key', key: pairKey(issuer, keyId) }
    }
    case 'extend-session':
    case 'end-connection':
      return undefined
  }
}

/** True when the change was made before: nothing at all happens. */
export function isKnown(change: AuthorityChange, before: AuthorityRecord | undefined): boolean {
  const fingerprint = change.type === 'end-subject' ? change.fingerprint : undefined
  return fingerprint !== undefined && fingerprint === before?.fingerprint
}

/** The record after a change; `before` is the live one at its place. */
export function recordAfter(
  change: AuthorityChange,
  place: { readonly kind: RecordKind; readonly key: string },
  before: AuthorityRecord | undefined,
  { nowMs, recordLifeMs }: Clock,
): AuthorityRecord {
  const given = 'issuedBeforeMs' in change ? change.issuedBeforeMs : 0
  const issuedBeforeMs = Math.max(given, before?.issuedBeforeMs ?? 0)
  const marginMs = 'marginMs' in change ? change.marginMs : undefined
  // Kept when there is no other cause: who notices that one only now finds it seen to.
  const fingerprint =
    change.type === 'end-subject' ? (change.fingerprint ?? before?.fingerprint) : undefined
  // A subject lives on and its number goes into what begins now: see `prolonged`.
  const lives = place.kind === 'subject' ? 2 : 1
  return {
    ...place,
    generation: (before?.generation ?? 0) + 1,
    issuedBeforeMs,
    graceUntilMs: graceAfter(marginMs, before, nowMs),
    changedAtMs: nowMs,
    keptUntilMs: Math.max(nowMs, issuedBeforeMs) + lives * recordLifeMs,
    ...(fingerprint !== undefined && { fingerprint }),
  }
}

/**
 * The record of a subject that is asked about, kept long enough for everything that begins now and carries its number:
 * were it dropped earlier, the number would fall back and all of that be refused. Undefined when it is as it is.
 */
export function prolonged(
  record: AuthorityRecord,
  { nowMs, recordLifeMs }: Clock,
): AuthorityRecord | undefined {
  if (record.keptUntilMs - nowMs >= recordLifeMs) return undefined
  return { ...record, keptUntilMs: nowMs + 2 * recordLifeMs }
}

/** A margin never softens an end without one, or with a shorter one, that sockets alive now may still rest on. */
function graceAfter(
  marginMs: number | undefined,
  before: AuthorityRecord | undefined,
  nowMs: number,
): number {
  const graceUntilMs = marginMs ? nowMs + Math.min(marginMs, maxMarginMs) : 0
  return before && isRecent(before, nowMs)
    ? Math.min(before.graceUntilMs, graceUntilMs)
    : graceUntilMs
}

/** Whether sockets may be alive that a record has ended. */
export function isRecent({ changedAtMs }: AuthorityRecord, nowMs: number): boolean {
  return nowMs - changedAtMs < maxMarginMs
}

/** What backends are told of a change. */
export function eventOf(change: AuthorityChange): AuthorityEvent {
  switch (change.type) {
    case 'end-session': {
      const { sessionId, subject } = change
      const scope = 'everything'
      return { type: 'session-ended', sessionId, subject, scope, ...marginOf(change) }
    }
    case 'end-cookie': {
      const { sessionId, subject } = change
      return { type: 'session-ended', sessionId, subject, scope: 'cookie' }
    }
    case 'end-subject': {
      const { issuer, subject } = change
      return { type: 'subject-ended', issuer, subject, ...marginOf(change) }
    }
    case 'revoke-token': {
      const { issuer, tokenId } = change
      return { type: 'token-revoked', issuer, tokenId, ...marginOf(change) }
    }
    case 'revoke-issued-before':
      return { type: 'check-all' }
    case 'extend-session': {
      const { sessionId, subject, expiresAtMs, token } = change
      return { type: 'session-extended', sessionId, subject, expiresAtMs, token }
    }
    case 'end-connection':
      return { type: 'connection-ended', connectionId: change.connectionId }
  }
}

function marginOf({ marginMs }: { readonly marginMs?: number | undefined }): { marginMs?: number } {
  return marginMs ? { marginMs: Math.min(marginMs, maxMarginMs) } : {}
}
