// The text of the journal: a line of JSON that says which epoch it is of, then one a change. Pure; knows no file.

import { z } from 'zod'
import type { AuthorityRecord } from './authority-records.ts'
import { recordSchema } from './record-schema.ts'

/** What a store begins with. */
export type JournalStart = {
  readonly epoch: string
  /** When the epoch began (wall clock, ms). */
  readonly epochStartMs: number
  /** The number of the last event. */
  readonly sequence: number
  readonly records: readonly AuthorityRecord[]
}

/** A change: the number of the last event with it, and the record it left, if it left one. */
export type JournalEntry = { readonly sequence: number; readonly record?: AuthorityRecord }

export type JournalRead = {
  readonly start?: JournalStart
  /** The highest number that could be read. */
  readonly sequence: number
  readonly fault: boolean
}

const finite = z.number().finite().nonnegative()
const whole = z.number().int().nonnegative()

const headerSchema = z.object({
  type: z.literal('authority'),
  version: z.literal(1),
  epoch: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  epochStartMs: finite,
  sequence: whole,
})

const entrySchema = z.object({
  sequence: whole,
  record: recordSchema.exactOptional(),
})

/** The line that a journal begins with. */
export function headerLine({
  epoch,
  epochStartMs,
  sequence,
}: Omit<JournalStart, 'records'>): string {
  const header = { type: 'authority', version: 1, epoch, epochStartMs, sequence }
  return `${JSON.stringify(header)}\n`
}

/** The line of a change. */
export function entryLine(entry: JournalEntry): string {
  return `${JSON.stringify(entry)}\n`
}

/** Reads a journal's text; every line counts, so one that is torn or of another form makes all of it useless. */
export function parseJournal(text: string): JournalRead {
  const lines = text.split('\n')
  const isTorn = lines.pop() !== ''
  const [head, ...rest] = lines.map(parseLine)
  const header = headerSchema.safeParse(head)
  const entries = rest.map((line) => entrySchema.safeParse(line))
  let sequence = header.data?.sequence ?? 0
  let isInOrder = true
  const records = new Map<string, AuthorityRecord>()
  for (const { data } of entries) {
    if (!data) continue
    isInOrder &&= data.sequence >= sequence
    sequence = Math.max(sequence, data.sequence)
    const { record } = data
    if (record) records.set(`${record.kind} ${record.key}`, record)
  }
  const isGood = !isTorn && header.success && isInOrder && entries.every(({ success }) => success)
  if (!isGood) return { sequence, fault: true }
  const { epoch, epochStartMs } = header.data
  const start = { epoch, epochStartMs, sequence, records: [...records.values()] }
  return { start, sequence, fault: false }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
