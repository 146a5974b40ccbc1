// Records held in memory, by kind and in the order in which they expire: how one is put there, and when they go. Knows
// no rule about authority.

import { type AuthorityRecord, recordKinds } from './authority-records.ts'
import type { HeldRecords } from './authority-state.ts'
import type { RecordPlace } from './plan-changes.ts'

/** At the end of its map: those are in the order in which they expire. */
export function hold(held: HeldRecords, record: AuthorityRecord): void {
  const records = held[record.kind]
  records.delete(record.key)
  records.set(record.key, record)
}

/** One that is kept longer than those behind it keeps them as well; expired ones are not found. */
export function dropExpired(held: HeldRecords, nowMs: number): void {
  for (const kind of recordKinds) {
    for (const [key, record] of held[kind]) {
      if (record.keptUntilMs > nowMs) break
      held[kind].delete(key)
    }
  }
}

/** The record, unless it has expired. */
export function liveAt(
  record: AuthorityRecord | undefined,
  nowMs: number,
): AuthorityRecord | undefined {
  return record && record.keptUntilMs > nowMs ? record : undefined
}

/** Throws for a place that would be one too many; those that hold a record need no room. */
export function createAdmission(
  held: HeldRecords,
  maxRecords: number,
): (place: RecordPlace) => void {
  let room = maxRecords - recordKinds.reduce((count, kind) => count + held[kind].size, 0)
  return ({ kind, key }) => {
    if (held[kind].has(key)) return
    if (room <= 0) throw new Error('the authority store is full')
    room -= 1
  }
}

/** All of them. */
export function* recordsOf(held: HeldRecords): Generator<AuthorityRecord> {
  for (const kind of recordKinds) yield* held[kind].values()
}
