// What is known of a credential, from Redis in one round trip. Where nothing was revoked, which is nearly always, there
// is no record to judge; else it is judged as in memory.

import type { AuthorityHead, HeadKeeper } from './authority-head.redis.ts'
import type { AuthorityLog } from './authority-log.redis.ts'
import { type AuthorityRecord, pairKey, prolonged } from './authority-records.ts'
import { createStateReader, holdRecords } from './authority-state.ts'
import type { AuthorityQuestion, AuthorityState } from './authority-store.ts'
import type { RecordPlace } from './plan-changes.ts'
import { readRecord, storedRecord } from './stored-record.redis.ts'

export type AuthorityReaderDeps = {
  readonly builtInIssuer: string
  readonly recordLifeMs: number
  readonly now: () => number
  readonly records: Pick<AuthorityLog, 'look' | 'prolong'>
  readonly heads: Pick<HeadKeeper, 'reliable'>
}

/** Reads states. Rejects only on an outage. */
export function createAuthorityReader(
  deps: AuthorityReaderDeps,
): (question: AuthorityQuestion) => Promise<AuthorityState> {
  const { builtInIssuer, recordLifeMs, now, records, heads } = deps

  /** A subject's record is kept for as long as anything that begins now may carry its number. */
  async function keepLonger(record: AuthorityRecord, before: string): Promise<void> {
    const nowMs = now()
    const longer = prolonged(record, { nowMs, recordLifeMs })
    if (longer) await records.prolong(storedRecord(longer, nowMs), before)
  }

  return async (question) => {
    const places = placesOf(question)
    const { head, reply } = await heads.reliable(() => records.look(places))
    const nowMs = now()
    const found: AuthorityRecord[] = []
    for (const [index, place] of places.entries()) {
      const text = reply.texts[index] ?? null
      const record = readRecord(place, text, nowMs)
      if (!record) continue
      found.push(record)
      if (record.kind === 'subject' && text !== null) await keepLonger(record, text)
    }
    if (found.length === 0) return nothingKnown(head, question.issuer === builtInIssuer)
    return createStateReader({
      held: holdRecords(found),
      epoch: head.position.epoch,
      epochStartMs: head.epochStartMs,
      builtInIssuer,
      now: () => nowMs,
      onSubjectRead: () => undefined,
    })(question)
  }
}

/** Where `createStateReader` looks. */
function placesOf({ issuer, subject, sessionId, token }: AuthorityQuestion): RecordPlace[] {
  const places: RecordPlace[] = [
    { kind: 'session', key: sessionId },
    { kind: 'cookie', key: sessionId },
    { kind: 'subject', key: pairKey(issuer, subject) },
  ]
  if (!token) return places
  return [
    ...places,
    { kind: 'token', key: pairKey(issuer, token.id) },
    { kind: 'issuer', key: issuer },
    { kind: 'key', key: pairKey(issuer, token.keyId) },
  ]
}

function nothingKnown({ position, epochStartMs }: AuthorityHead, isOurs: boolean): AuthorityState {
  return {
    generation: { epoch: position.epoch, subject: 0, session: 0 },
    graceUntilMs: 0,
    isCookieEnded: false,
    isTokenRevoked: false,
    issuedBeforeMs: isOurs ? 0 : epochStartMs,
  }
}
