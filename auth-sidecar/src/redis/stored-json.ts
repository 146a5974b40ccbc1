// Values as they stand in Redis: JSON of a known form. What is not of that form is an outage, never a pass and never
// "unknown": somebody wrote there who should not, or a value is damaged.

import type { z } from 'zod'
import { corruptValue } from './redis-outage.ts'

/** No record of ours comes near it. */
const maxStoredLength = 65_536

/** The value of a text. Throws a `RedisOutage` when it is not of this form. */
export function readStored<Value>(schema: z.ZodType<Value>, text: unknown): Value {
  if (typeof text !== 'string') throw corruptValue()
  const parsed = schema.safeParse(parseJson(text))
  if (!parsed.success) throw corruptValue()
  return parsed.data
}

/** The text of a value. Throws when it is too long to be one of ours. */
export function writeStored(value: unknown): string {
  const text = JSON.stringify(value)
  if (text.length > maxStoredLength) throw new Error('a record is too long to be stored')
  return text
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
