// From changes that are made together to what becomes of them. Pure: nothing is changed by it, so that a plan which cannot
// be made durable leaves nothing behind.

import type { NumberedEvent } from '@sallyport/contracts/authority-event'
import {
  type AuthorityRecord,
  eventOf,
  isKnown,
  recordAfter,
  recordPlace,
} from './authority-records.ts'
import type { HeldRecords } from './authority-state.ts'
import type { AuthorityChange } from './authority-store.ts'
import type { JournalEntry } from './journal-text.ts'

export type PlannedChange = { readonly change: AuthorityChange }

/** The key of a subject whose record is kept longer; told to nobody. */
export type ProlongedSubject = { readonly prolongedSubject: string }

/** What is to be made durable, then to be held, then to be told. */
export type ChangePlan = {
  readonly records: readonly AuthorityRecord[]
  readonly entries: readonly JournalEntry[]
  readonly events: readonly NumberedEvent[]
  /** The number of the last event. */
  readonly sequence: number
}

/** What comes of changes in their order; each sees what those before it leave behind. */
export function planChanges(
  batch: readonly (PlannedChange | ProlongedSubject)[],
  given: {
    readonly held: HeldRecords
    readonly sequence: number
    readonly nowMs: number
    readonly recordLifeMs: number
  },
): ChangePlan {
  const { held, nowMs } = given
  const planned = new Map<string, AuthorityRecord>()
  const entries: JournalEntry[] = []
  const events: NumberedEvent[] = []
  let { sequence } = given

  function liveAt(place: { kind: AuthorityRecord['kind']; key: string }) {
    const record = planned.get(`${place.kind} ${place.key}`) ?? held[place.kind].get(place.key)
    return record && record.keptUntilMs > nowMs ? record : undefined
  }

  for (const each of batch) {
    if ('prolongedSubject' in each) {
      const record = liveAt({ kind: 'subject', key: each.prolongedSubject })
      if (record) entries.push({ sequence, record })
      continue
    }
    const { change } = each
    const place = recordPlace(change)
    const before = place && liveAt(place)
    if (isKnown(change, before)) continue
    const record = place && recordAfter(change, place, before, given)
    if (record) planned.set(`${record.kind} ${record.key}`, record)
    sequence += 1
    entries.push(record ? { sequence, record } : { sequence })
    events.push({ ...eventOf(change), sequence })
  }
  return { records: [...planned.values()], entries, events, sequence }
}
