// From the records held in memory to what is known of one credential. On the hot path: where nothing was revoked, which
// is nearly always, it answers with a constant. It changes no record; it says which ones it has read.

import type { TokenFacts } from '@sallyport/contracts/identity'
import {
  type AuthorityRecord,
  isRecent,
  pairKey,
  type RecordKind,
  recordKinds,
} from './authority-records.ts'
import type { AuthorityQuestion, AuthorityState } from './authority-store.ts'

/** Live and expired records by kind and key, in the order in which they expire. */
export type HeldRecords = Readonly<Record<RecordKind, Map<string, AuthorityRecord>>>

/** Places for records, filled with those that were kept. */
export function holdRecords(records: readonly AuthorityRecord[]): HeldRecords {
  const held = Object.fromEntries(recordKinds.map((kind) => [kind, new Map()])) as HeldRecords
  const inOrder = records.toSorted((a, b) => a.keptUntilMs - b.keptUntilMs)
  for (const record of inOrder) held[record.kind].set(record.key, record)
  return held
}

export type StateReaderOptions = {
  readonly held: HeldRecords
  readonly epoch: string
  readonly epochStartMs: number
  readonly builtInIssuer: string
  readonly now: () => number
  /** Told of each subject's record that was read. */
  readonly onSubjectRead: (record: AuthorityRecord, nowMs: number) => void
}

/** Reads the state of a credential. */
export function createStateReader(
  options: StateReaderOptions,
): (question: AuthorityQuestion) => AuthorityState {
  const { held, epochStartMs, builtInIssuer, now, onSubjectRead } = options
  const nothingOfOurs = Object.freeze(nothingKnown(options.epoch, 0))
  const nothingOfOthers = Object.freeze(nothingKnown(options.epoch, epochStartMs))

  /** An empty map is not asked: its key would have to be made first. */
  function findPair(kind: 'subject' | 'token' | 'key', issuer: string, name: string) {
    return held[kind].size === 0 ? undefined : find(kind, pairKey(issuer, name))
  }

  function find(kind: RecordKind, key: string): AuthorityRecord | undefined {
    const record = held[kind].get(key)
    return record && record.keptUntilMs > now() ? record : undefined
  }

  return ({ issuer, subject, sessionId, token: facts }) => {
    const isOurs = issuer === builtInIssuer
    const session = find('session', sessionId)
    const cookie = find('cookie', sessionId)
    const person = findPair('subject', issuer, subject)
    const token = facts && findPair('token', issuer, facts.id)
    const ofIssuer = facts && find('issuer', issuer)
    const ofKey = facts && findPair('key', issuer, facts.keyId)
    const nothing = isOurs ? nothingOfOurs : nothingOfOthers
    if (!session && !cookie && !person && !token && !ofIssuer && !ofKey) return nothing

    const nowMs = now()
    if (person) onSubjectRead(person, nowMs)
    return {
      generation: {
        epoch: nothing.generation.epoch,
        subject: person?.generation ?? 0,
        session: session?.generation ?? 0,
      },
      graceUntilMs: graceOf(
        [session, token],
        [cookie, person, reaching(ofIssuer, facts), reaching(ofKey, facts)],
        nowMs,
      ),
      isCookieEnded: cookie !== undefined,
      isTokenRevoked: token !== undefined,
      // Our own tokens carry their subject's generation.
      issuedBeforeMs: Math.max(
        nothing.issuedBeforeMs,
        isOurs ? 0 : (person?.issuedBeforeMs ?? 0),
        ofIssuer?.issuedBeforeMs ?? 0,
        ofKey?.issuedBeforeMs ?? 0,
      ),
    }
  }
}

function nothingKnown(epoch: string, issuedBeforeMs: number): AuthorityState {
  return {
    generation: Object.freeze({ epoch, subject: 0, session: 0 }),
    graceUntilMs: 0,
    isCookieEnded: false,
    isTokenRevoked: false,
    issuedBeforeMs,
  }
}

type Found = AuthorityRecord | undefined

/** The record, if the token was issued in its time. */
function reaching(record: Found, facts: TokenFacts | undefined): Found {
  return record && facts && facts.issuedAtMs <= record.issuedBeforeMs ? record : undefined
}

/**
 * The earliest of what ends the credential. A session or a token that was ended stays so; of the others an old record
 * may be from before the credential, and says nothing about it.
 */
function graceOf(always: readonly Found[], recent: readonly Found[], nowMs: number): number {
  let graceUntilMs = Number.POSITIVE_INFINITY
  for (const record of always) {
    if (record) graceUntilMs = Math.min(graceUntilMs, record.graceUntilMs)
  }
  for (const record of recent) {
    if (record && isRecent(record, nowMs)) {
      graceUntilMs = Math.min(graceUntilMs, record.graceUntilMs)
    }
  }
  return graceUntilMs === Number.POSITIVE_INFINITY ? 0 : graceUntilMs
}
