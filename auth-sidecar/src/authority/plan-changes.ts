// From changes that are made together to what becomes of them, for every kind of store. Pure: nothing is changed by it,
// so that a plan which cannot be made durable leaves nothing behind.

import type { AuthorityEvent } from '@sallyport/contracts/authority-event'
import {
  type AuthorityRecord,
  eventOf,
  isKnown,
  recordAfter,
  recordPlace,
} from './authority-records.ts'
import type { AuthorityChange } from './authority-store.ts'

export type RecordPlace = Pick<AuthorityRecord, 'kind' | 'key'>

/** One change: the number of its event, and the record it leaves, if it leaves one. */
export type PlannedStep = {
  readonly sequence: number
  readonly event: AuthorityEvent
  readonly record?: AuthorityRecord
}

/** What is to be made durable, then to be told. */
export type ChangePlan<Each> = {
  /** The last one of each place. */
  readonly records: readonly AuthorityRecord[]
  readonly steps: readonly PlannedStep[]
  /** Those that cannot be made, and why; they keep nobody else's change from being made. */
  readonly faults: ReadonlyMap<Each, unknown>
  /** The number of the last event. */
  readonly sequence: number
}

export type PlanGiven = {
  /** The number of the last event before. */
  readonly sequence: number
  readonly nowMs: number
  readonly recordLifeMs: number
  /** The live record of a place; throws for one that cannot be read. */
  readonly before: (place: RecordPlace) => AuthorityRecord | undefined
  /** Asked once for each place that is to hold a record; throws when there is no room. */
  readonly admit?: (place: RecordPlace) => void
}

/** What comes of changes in their order; each sees what those before it leave behind. */
export function planChanges<Each extends { readonly change: AuthorityChange }>(
  batch: readonly Each[],
  given: PlanGiven,
): ChangePlan<Each> {
  const planned = new Map<string, AuthorityRecord>()
  const steps: PlannedStep[] = []
  const faults = new Map<Each, unknown>()
  let { sequence } = given

  function plan(change: AuthorityChange): void {
    const place = recordPlace(change)
    const name = place && nameOfPlace(place)
    const earlier = name === undefined ? undefined : planned.get(name)
    const before = earlier ?? (place && given.before(place))
    if (isKnown(change, before)) return
    if (place && !earlier) given.admit?.(place)
    const record = place && recordAfter(change, place, before, given)
    if (record && name !== undefined) planned.set(name, record)
    sequence += 1
    steps.push({ sequence, event: eventOf(change), ...(record && { record }) })
  }

  for (const each of batch) {
    try {
      plan(each.change)
    } catch (error) {
      faults.set(each, error)
    }
  }
  return { records: [...planned.values()], steps, faults, sequence }
}

/** Different places never share one. */
export function nameOfPlace({ kind, key }: RecordPlace): string {
  return `${kind} ${key}`
}
