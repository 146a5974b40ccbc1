// Authority in this process's memory: right for one sidecar. Changes are made one after the other; where there is a
// journal they are durable before anybody can see them. Without one a restart forgets them, so each life of the process
// is an epoch of its own: whatever was issued under another epoch is refused, and nothing that was revoked can come back.

import { randomBytes } from 'node:crypto'
import {
  type AuthorityJournal,
  type JournalOptions,
  openAuthorityJournal,
} from './authority-journal.ts'
import { prolonged } from './authority-records.ts'
import { createStateReader, type HeldRecords, holdRecords } from './authority-state.ts'
import type {
  AuthorityChange,
  AuthorityEventSink,
  AuthorityStore,
  FeedPosition,
} from './authority-store.ts'
import { createAdmission, dropExpired, hold, liveAt, recordsOf } from './held-records.ts'
import type { JournalEntry, JournalStart } from './journal-text.ts'
import { planChanges } from './plan-changes.ts'
import { type WatchJournalOptions, watchJournal } from './watch-journal.ts'

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

export type JournaledAuthorityOptions = MemoryAuthorityOptions &
  Omit<JournalOptions, 'createEpoch'> &
  Pick<WatchJournalOptions, 'onWritable'>

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
  options: JournaledAuthorityOptions,
): Promise<AuthorityStore> {
  const { onWritable } = options
  const journal = await openAuthorityJournal({ ...options, createEpoch })
  return createStore(options, journal.start, { journal, onWritable })
}

function createEpoch(): string {
  return randomBytes(9).toString('base64url')
}

/** What waits for its turn, and who waits for it. */
type WaitingChange = {
  readonly change: AuthorityChange
  readonly settled: PromiseWithResolvers<FeedPosition>
}
type Waiting = WaitingChange | { readonly prolongedKey: string }

type KeptJournal = {
  readonly journal: AuthorityJournal
  readonly onWritable: WatchJournalOptions['onWritable']
}

function createStore(
  options: MemoryAuthorityOptions,
  start: JournalStart,
  kept: KeptJournal | undefined,
): AuthorityStore {
  const { recordLifeMs } = options
  const { epoch, epochStartMs } = start
  const held = holdRecords(start.records)
  const waiting: Waiting[] = []
  let turns: Promise<void> | undefined
  let isClosed = false
  const journal =
    kept && watchJournal(kept.journal, { onWritable: kept.onWritable, tryAgain: begin })
  const committer = createCommitter({ ...options, held, start, journal })

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
      waiting.push({ prolongedKey: record.key })
      begin()
    },
  })

  function begin(): void {
    if (!isClosed) turns ??= takeTurns()
  }

  async function takeTurns(): Promise<void> {
    // Who comes in the same breath shares one turn.
    await Promise.resolve()
    do {
      const batch = waiting.splice(0, maxBatch)
      const changes = batch.flatMap((each) => ('change' in each ? [each] : []))
      const prolongedKeys = batch.flatMap((each) => ('change' in each ? [] : [each.prolongedKey]))
      try {
        const faults = await committer.commit({ changes, prolongedKeys })
        for (const each of changes) {
          if (faults.has(each)) each.settled.reject(faults.get(each))
          else each.settled.resolve(committer.position())
        }
      } catch (error) {
        for (const { settled } of changes) settled.reject(error)
      }
    } while (waiting.length > 0)
    turns = undefined
  }

  options.sink.follow(committer.position())
  return {
    current: async (question) => current(question),
    async apply(change) {
      if (isClosed) throw new Error('the authority store is closed')
      const settled = Promise.withResolvers<FeedPosition>()
      waiting.push({ change, settled })
      begin()
      return settled.promise
    },
    isFollowing: () => !isClosed && (journal?.isWritable() ?? true),
    async close() {
      isClosed = true
      await turns
      await journal?.close()
    },
  }
}

type Batch = {
  readonly changes: readonly WaitingChange[]
  /** Of subjects' records that are kept longer: told to nobody, but to be made durable. */
  readonly prolongedKeys: readonly string[]
}

type CommitterDeps = MemoryAuthorityOptions & {
  readonly held: HeldRecords
  readonly start: JournalStart
  readonly journal: Pick<AuthorityJournal, 'append'> | undefined
}

/** Makes changes together, one call at a time: first durable, then held, then told. */
function createCommitter(deps: CommitterDeps) {
  const { held, start, journal, sink, recordLifeMs, now, maxRecords = defaultMaxRecords } = deps
  const { epoch, epochStartMs } = start
  let { sequence } = start
  const snapshot = () => ({ epoch, epochStartMs, sequence, records: recordsOf(held) })

  return {
    position: (): FeedPosition => ({ epoch, sequence }),
    /** Gives those that could not be made, and why; rejects when none could. An empty batch tries the journal. */
    async commit({ changes, prolongedKeys }: Batch): Promise<ReadonlyMap<WaitingChange, unknown>> {
      const nowMs = now()
      dropExpired(held, nowMs)
      const plan = planChanges(changes, {
        sequence,
        nowMs,
        recordLifeMs,
        before: ({ kind, key }) => liveAt(held[kind].get(key), nowMs),
        admit: createAdmission(held, maxRecords),
      })
      const entries: JournalEntry[] = prolongedKeys.flatMap((key) => {
        const record = held.subject.get(key)
        return record ? [{ sequence, record }] : []
      })
      for (const { event: _event, ...entry } of plan.steps) entries.push(entry)
      const isAttempt = changes.length + prolongedKeys.length === 0
      if (entries.length > 0 || isAttempt) await journal?.append(entries, snapshot)
      // From here to the events nothing waits: whoever reads the old record is asked about after the event.
      for (const record of plan.records) hold(held, record)
      sequence = plan.sequence
      for (const step of plan.steps) sink.append({ ...step.event, sequence: step.sequence })
      return plan.faults
    },
  }
}
