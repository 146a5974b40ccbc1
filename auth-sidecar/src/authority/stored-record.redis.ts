// An authority record as it stands in Redis. One that stands under another's key is as corrupt as one of no form.

import { corruptValue } from '../redis/redis-outage.ts'
import { readStored, writeStored } from '../redis/stored-json.ts'
import type { StoredRecord } from './authority-log.redis.ts'
import type { AuthorityRecord } from './authority-records.ts'
import type { RecordPlace } from './plan-changes.ts'
import { recordSchema } from './record-schema.ts'

/** The live record of a place, undefined when there is none. Throws a `RedisOutage` for a corrupt one. */
export function readRecord(
  place: RecordPlace,
  text: string | null,
  nowMs: number,
): AuthorityRecord | undefined {
  if (text === null) return undefined
  const record = readStored(recordSchema, text)
  if (record.kind !== place.kind || record.key !== place.key) throw corruptValue()
  return record.keptUntilMs > nowMs ? record : undefined
}

/** The text of a record and how long Redis keeps it. */
export function storedRecord(record: AuthorityRecord, nowMs: number): StoredRecord {
  const lifeMs = Math.max(1, Math.ceil(record.keptUntilMs - nowMs))
  return { place: record, text: writeStored(record), lifeMs }
}
