// Authority in this process's memory: right for one sidecar. Changes are made one after the other; where there is a
// journal they are durable before anybody can see them. Without one a restart forgets them, so each life of the process
// is an epoch of its own: whatever was issued under another epoch is refused, and nothing that was revoked can come back.

import { randomBytes } from 'node:crypto'
import {
  type AuthorityJournal,
  type JournalOptions,
  openAuthorityJournal,
} from './authority-journal.ts'
import { type AuthorityRecord, prolonged, recordKinds } from './authority-records.ts'
import { createStateReader, type HeldRecords, holdRecords } from './authority-state.ts'
import type { AuthorityChange, AuthorityEventSink, AuthorityStore } from './authority-store.ts'
import type { JournalStart } from './journal-text.ts'
import { type ProlongedSubject, planChanges } from './plan-changes.ts'

export type MemoryAuthorityOptions = {
  /** How long a record must be kept: the longest life of anything derived from a session. */
  readonly recordLifeMs: number
  /** Whose tokens carry generations; all others are judged by when they were issued as well. */
  readonly builtInIssuer: string
  readonly sink: AuthorityEventSink
  readonly now: () => number
  /** Beyond this many a change of something else is an outage: none may give way. */
  readonly maxRecords?: number
}

const defaultMaxRecords = 1_000_000
/** How many changes become durable together. */
const maxBatch = 1000

/** A store that lives as long as its process, in a fresh epoch. */
export function createMemoryAuthorityStore(options: MemoryAuthorityOptions): AuthorityStore {
  const epoch = createEpoch()
  const start = { epoch, epochStartMs: options.now(), sequence: 0, records: [] }
  return createStore(options, start, undefined)
}

/** A store whose changes outlive its process in a folder; rejects when that cannot be read or written. */
export async function openJournaledAuthorityStore(
  options: MemoryAuthorityOptions & Omit<JournalOptions, 'createEpoch'>,
): Promise<AuthorityStore> {
  const journal = await openAuthorityJournal({ ...options, createEpoch })
  return createStore(options, journal.start, journal)
}

function createEpoch(): string {
  return randomBytes(9).toString('base64url')
}

/** What waits for its turn, and who waits for it. */
type Waiting =
  | { readonly change: AuthorityChange; readonly settled: PromiseWithResolvers<void> }
  | ProlongedSubject

function createStore(
  options: MemoryAuthorityOptions,
  start: JournalStart,
  journal: AuthorityJournal | undefined,
): AuthorityStore {
  const { sink, recordLifeMs, now } = options
  const { epoch, epochStartMs } = start
  const held = holdRecords(start.records)
  const waiting: Waiting[] = []
  let sequence = start.sequence
  let turns: Promise<void> | undefined
  let isClosed = false

  const current = createStateReader({
    ...options,
    epoch,
    epochStartMs,
    held,
    onSubjectRead(record, nowMs) {
      const longer = prolonged(record, { nowMs, recordLifeMs })
      if (!longer) return
      hold(held, longer)
      if (!journal || isClosed) return
      waiting.push({ prolongedSubject: record.key })
      turns ??= takeTurns()
    },
  })

  async function commit(batch: readonly Waiting[]): Promise<void> {
    const nowMs = now()
    dropExpired(held, nowMs)
    const plan = planChanges(batch, { held, sequence, nowMs, recordLifeMs })
    const fresh = plan.records.filter(({ kind, key }) => !held[kind].has(key))
    const isFull = countOf(held) + fresh.length > (options.maxRecords ?? defaultMaxRecords)
    if (fresh.length > 0 && isFull) throw new Error('the authority store is full')
    const snapshot = () => ({ epoch, epochStartMs, sequence, records: recordsOf(held) })
    if (plan.entries.length > 0) await journal?.append(plan.entries, snapshot)
    // From here to the events nothing waits: whoever reads the old record is asked about after the event.
    for (const record of plan.records) hold(held, record)
    sequence = plan.sequence
    for (const event of plan.events) sink.append(event)
  }

  async function takeTurns(): Promise<void> {
    // Who comes in the same breath shares one turn.
    await Promise.resolve()
    while (waiting.length > 0) {
      const batch = waiting.splice(0, maxBatch)
      const settled = batch.flatMap((each) => ('settled' in each ? [each.settled] : []))
      try {
        await commit(batch)
        for (const { resolve } of settled) resolve()
      } catch (error) {
        for (const { reject } of settled) reject(error)
      }
    }
    turns = undefined
  }

  sink.follow({ epoch, sequence })
  return {
    current: async (question) => current(question),
    async apply(change) {
      if (isClosed) throw new Error('the authority store is closed')
      const settled = Promise.withResolvers<void>()
      waiting.push({ change, settled })
      turns ??= takeTurns()
      await settled.promise
    },
    isFollowing: () => !isClosed,
    async close() {
      isClosed = true
      await turns
      await journal?.close()
    },
  }
}

/** At the end of its map: those are in the order in which they expire. */
function hold(held: HeldRecords, record: AuthorityRecord): void {
  const records = held[record.kind]
  records.delete(record.key)
  records.set(record.key, record)
}

/** One that is kept longer than those behind it keeps them as well; expired ones are not found. */
function dropExpired(held: HeldRecords, nowMs: number): void {
  for (const kind of recordKinds) {
    for (const [key, record] of held[kind]) {
      if (record.keptUntilMs > nowMs) break
      held[kind].delete(key)
    }
  }
}

function countOf(held: HeldRecords): number {
  return recordKinds.reduce((count, kind) => count + held[kind].size, 0)
}

function* recordsOf(held: HeldRecords): Generator<AuthorityRecord> {
  for (const kind of recordKinds) yield* held[kind].values()
}
