// Makes changes of authority in Redis, those that come together in one go: reads the records, applies the rules, signs
// the events for the next numbers, and commits if those still are the next. Else somebody was faster, and it starts over.

import { RedisOutage } from '../redis/redis-outage.ts'
import type { SeenPositions } from '../redis/seen-positions.ts'
import type { EventSigner } from '../redis/signed-event.ts'
import type { HeadKeeper } from './authority-head.redis.ts'
import type { AuthorityLog } from './authority-log.redis.ts'
import { recordPlace } from './authority-records.ts'
import type { AuthorityChange, FeedPosition } from './authority-store.ts'
import { nameOfPlace, planChanges, type RecordPlace } from './plan-changes.ts'
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

type Waiting = {
  readonly change: AuthorityChange
  readonly settled: PromiseWithResolvers<FeedPosition>
}

/** How many changes are made in one go. */
const maxBatch = 100
/** Each time somebody else made a change between two round trips. */
const maxAttempts = 50

export type ChangeMaker = {
  /** Resolves when the change is durable and its event has a place. Rejects only on an outage. */
  readonly apply: (change: AuthorityChange) => Promise<FeedPosition>
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
        const position = await makeTogether(batch, deps)
        for (const { settled } of batch) settled.resolve(position)
      } catch (error) {
        for (const { settled } of batch) settled.reject(error)
      }
    }
    turns = undefined
  }

  return {
    async apply(change) {
      if (isClosed) throw new RedisOutage('closed')
      const settled = Promise.withResolvers<FeedPosition>()
      waiting.push({ change, settled })
      turns ??= takeTurns()
      return settled.promise
    },
    async close() {
      isClosed = true
      await turns
    },
  }
}

/** Where the last of them lies. Those that cannot be made are rejected one by one; rejects when none can. */
async function makeTogether(
  batch: readonly Waiting[],
  deps: ChangeMakerDeps,
): Promise<FeedPosition> {
  const { records, heads, seen, signer, now, recordLifeMs } = deps
  const places = placesOf(batch)
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const { head, reply } = await heads.reliable(() => records.look(places))
    const nowMs = now()
    const textOf = new Map(
      places.map((place, index) => [nameOfPlace(place), reply.texts[index] ?? null]),
    )
    const { epoch, sequence } = head.position
    const plan = planChanges(batch, {
      sequence,
      nowMs,
      recordLifeMs,
      before: (place) => readRecord(place, textOf.get(nameOfPlace(place)) ?? null, nowMs),
    })
    const stored = plan.records.map((each) => storedRecord(each, nowMs))
    const lines = plan.steps.map((step) =>
      signer.sign({ epoch, sequence: step.sequence }, step.event),
    )
    const isDone = lines.length === 0 || (await records.commit(head.raw, stored, lines))
    if (!isDone) continue
    for (const [{ settled }, error] of plan.faults) settled.reject(error)
    const position = { epoch, sequence: plan.sequence }
    seen.note(position)
    for (const line of lines) deps.onCommitted(line)
    return position
  }
  throw new RedisOutage('contended')
}

function placesOf(batch: readonly Waiting[]): RecordPlace[] {
  const places = batch.flatMap(({ change }) => recordPlace(change) ?? [])
  return [...new Map(places.map((place) => [nameOfPlace(place), place])).values()]
}
