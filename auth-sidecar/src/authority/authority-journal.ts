// The file that authority outlives its process in: a line a change, appended and synced before anybody sees the change.
// Whatever cannot be read in it begins a new epoch: nobody knows what a missing line would have revoked.

import { chmod, copyFile, type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { AuthorityRecord } from './authority-records.ts'
import {
  entryLine,
  headerLine,
  type JournalEntry,
  type JournalRead,
  type JournalStart,
  parseJournal,
} from './journal-text.ts'

/** What the store holds, for a file that must be written anew. */
export type JournalSnapshot = Omit<JournalStart, 'records'> & {
  readonly records: Iterable<AuthorityRecord>
}

export type AuthorityJournal = {
  readonly start: JournalStart
  /** Makes entries durable; rejects when it cannot, and then nothing of them counts. One call at a time. */
  readonly append: (
    entries: readonly JournalEntry[],
    snapshot: () => JournalSnapshot,
  ) => Promise<void>
  readonly close: () => Promise<void>
}

export type JournalOptions = {
  /** For nobody else: two processes must not share one. */
  readonly directory: string
  readonly now: () => number
  readonly createEpoch: () => string
  /** Told when what the folder held could not be read and was put aside: everything issued before is refused. */
  readonly onUnreadable: () => void
  /** `open` of node:fs/promises; tests let it fail. */
  readonly openFile?: typeof open
  /** After how many lines the file is written anew, when most of them are of no use any more. */
  readonly linesBeforeCompaction?: number
}

const fileName = 'authority.jsonl'
const defaultLinesBeforeCompaction = 100_000
/** How many lines are written at once when a file is written anew. */
const linesPerWrite = 1000

/** Opens the journal of a folder, which is made if need be; rejects when it cannot be read or written. */
export async function openAuthorityJournal(options: JournalOptions): Promise<AuthorityJournal> {
  const { directory, now, createEpoch, openFile = open } = options
  const { linesBeforeCompaction = defaultLinesBeforeCompaction } = options
  await mkdir(directory, { recursive: true, mode: 0o700 })
  // One that was there before may be open to others.
  await chmod(directory, 0o700)
  const path = join(directory, fileName)
  const read = await readJournal(path)
  if (read.fault) {
    await keepUnreadable(path)
    options.onUnreadable()
  }
  const nowMs = now()
  const start: JournalStart = read.start
    ? { ...read.start, records: read.start.records.filter((each) => each.keptUntilMs > nowMs) }
    : { epoch: createEpoch(), epochStartMs: nowMs, sequence: read.sequence, records: [] }

  const files = { directory, path, openFile }
  let file: FileHandle | undefined
  let lines = 0
  let linesKept = 0

  /** Afterwards the file holds the snapshot and nothing else, and can be appended to. */
  async function rewrite(snapshot: JournalSnapshot): Promise<void> {
    const old = file
    file = undefined
    await old?.close().catch(() => {}) // what it holds is written anew
    lines = await writeAnew(snapshot, files)
    linesKept = lines
    file = await openFile(path, 'a', 0o600)
  }

  await rewrite(start)
  return {
    start,
    async append(entries, snapshot) {
      const isLong = lines >= linesBeforeCompaction && lines >= 2 * linesKept
      if (!file || isLong) await rewrite(snapshot())
      const handle = file
      if (!handle) throw new Error('the journal is not open')
      try {
        await handle.appendFile(entries.map(entryLine).join(''))
        await handle.datasync()
        lines += entries.length
      } catch (error) {
        // Nobody knows what of it is in the file: the next change writes it anew, or is an outage as well.
        file = undefined
        await handle.close().catch(() => {})
        throw error
      }
    },
    async close() {
      await file?.close()
      file = undefined
    },
  }
}

async function readJournal(path: string): Promise<JournalRead> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  return text === undefined ? { sequence: 0, fault: false } : parseJournal(text)
}

/** A copy: while the file itself is not replaced, whoever starts next finds it unreadable as well. */
async function keepUnreadable(path: string): Promise<void> {
  const kept = `${path}.unreadable`
  await copyFile(path, kept)
  await chmod(kept, 0o600)
}

/** Writes a file beside the old one and puts it in its place; how many lines it has. */
async function writeAnew(
  { records, ...start }: JournalSnapshot,
  { directory, path, openFile }: { directory: string; path: string; openFile: typeof open },
): Promise<number> {
  const fresh = `${path}.new`
  const handle = await openFile(fresh, 'w', 0o600)
  let count = 1
  try {
    await handle.chmod(0o600)
    let lines = [headerLine(start)]
    for (const record of records) {
      lines.push(entryLine({ sequence: start.sequence, record }))
      count += 1
      if (lines.length < linesPerWrite) continue
      await handle.appendFile(lines.join(''))
      lines = []
    }
    await handle.appendFile(lines.join(''))
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(fresh, path)
  const folder = await openFile(directory, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
  return count
}
