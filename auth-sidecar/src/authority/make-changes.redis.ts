// Makes changes of authority in Redis, those that come together in one go: reads the records, applies the rules, signs
// the events for the next numbers, and commits if those still are the next. Else somebody was faster, and it starts over.

import { RedisOutage } from '../redis/redis-outage.ts'
import type { SeenPositions } from '../redis/seen-positions.ts'
import type { EventSigner } from '../redis/signed-event.ts'
import type { AuthorityHead, HeadKeeper } from './authority-head.redis.ts'
import type { AuthorityLog, RecordPlace, StoredRecord } from './authority-log.redis.ts'
import {
  type AuthorityRecord,
  eventOf,
  isKnown,
  recordAfter,
  recordPlace,
} from './authority-records.ts'
import type { AuthorityChange } from './authority-store.ts'
import { readRecord, storedRecord } from './stored-record.redis.ts'

export type ChangeMakerDeps = {
  readonly recordLifeMs: number
  readonly now: () => number
  readonly records: Pick<AuthorityLog, 'look' | 'commit'>
  readonly heads: Pick<HeadKeeper, 'reliable'>
  readonly signer: Pick<EventSigner, 'sign'>
  readonly seen: Pick<SeenPositions, 'note'>
  /** Told of each line that was written, in order. */
  readonly onCommitted: (line: string) => void
}

type Waiting = { readonly change: AuthorityChange; readonly settled: PromiseWithResolvers<void> }

/** How many changes are made in one go. */
const maxBatch = 100
/** Each time somebody else made a change between two round trips. */
const maxAttempts = 50

export type ChangeMaker = {
  /** Resolves when the change is durable and its event has a place. Rejects only on an outage. */
  readonly apply: (change: AuthorityChange) => Promise<void>
  /** Resolves when those under way are settled. */
  readonly close: () => Promise<void>
}

/** Makes changes, one batch after the other. */
export function createChangeMaker(deps: ChangeMakerDeps): ChangeMaker {
  const waiting: Waiting[] = []
  let turns: Promise<void> | undefined
  let isClosed = false

  async function takeTurns(): Promise<void> {
    // Who comes in the same breath shares one turn.
    await Promise.resolve()
    while (waiting.length > 0) {
      const batch = waiting.splice(0, maxBatch)
      try {
        await makeTogether(batch, deps)
        for (const { settled } of batch) settled.resolve()
      } catch (error) {
        for (const { settled } of batch) settled.reject(error)
      }
    }
    turns = undefined
  }

  return {
    async apply(change) {
      if (isClosed) throw new RedisOutage('closed')
      const settled = Promise.withResolvers<void>()
      waiting.push({ change, settled })
      turns ??= takeTurns()
      await settled.promise
    },
    async close() {
      isClosed = true
      await turns
    },
  }
}

/** Those that cannot be made are rejected one by one; rejects when none can. */
async function makeTogether(batch: readonly Waiting[], deps: ChangeMakerDeps): Promise<void> {
  const { records, heads, seen } = deps
  const places = placesOf(batch)
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const { head, reply } = await heads.reliable(() => records.look(places))
    const plan = planChanges(batch, { head, places, texts: reply.texts }, deps)
    const isDone =
      plan.lines.length === 0 || (await records.commit(head.raw, plan.records, plan.lines))
    if (!isDone) continue
    for (const [{ settled }, error] of plan.faults) settled.reject(error)
    const { epoch, sequence } = head.position
    seen.note({ epoch, sequence: sequence + plan.lines.length })
    for (const line of plan.lines) deps.onCommitted(line)
    return
  }
  throw new RedisOutage('contended')
}

type Found = {
  readonly head: AuthorityHead
  readonly places: readonly RecordPlace[]
  readonly texts: readonly (string | null)[]
}

type Plan = {
  readonly records: readonly StoredRecord[]
  readonly lines: readonly string[]
  readonly faults: ReadonlyMap<Waiting, unknown>
}

/** What comes of changes in their order; each sees what those before it leave behind. */
function planChanges(
  batch: readonly Waiting[],
  { head, places, texts }: Found,
  { now, recordLifeMs, signer }: ChangeMakerDeps,
): Plan {
  const nowMs = now()
  const planned = new Map<string, AuthorityRecord>()
  const lines: string[] = []
  const faults = new Map<Waiting, unknown>()
  const { epoch } = head.position
  const textOf = new Map(places.map((place, index) => [nameOf(place), texts[index] ?? null]))

  function before(place: RecordPlace): AuthorityRecord | undefined {
    const name = nameOf(place)
    return planned.get(name) ?? readRecord(place, textOf.get(name) ?? null, nowMs)
  }

  for (const waiting of batch) {
    const { change } = waiting
    try {
      const place = recordPlace(change)
      const old = place && before(place)
      if (isKnown(change, old)) continue
      const record = place && recordAfter(change, place, old, { nowMs, recordLifeMs })
      if (record) planned.set(nameOf(record), record)
      const sequence = head.position.sequence + lines.length + 1
      lines.push(signer.sign({ epoch, sequence }, eventOf(change)))
    } catch (error) {
      // A record that cannot be read keeps nobody else's change from being made.
      faults.set(waiting, error)
    }
  }
  return { records: [...planned.values()].map((each) => storedRecord(each, nowMs)), lines, faults }
}

function placesOf(batch: readonly Waiting[]): RecordPlace[] {
  const places = batch.flatMap(({ change }) => recordPlace(change) ?? [])
  return [...new Map(places.map((place) => [nameOf(place), place])).values()]
}

const nameOf = ({ kind, key }: RecordPlace): string => `${kind} ${key}`
