// The form of an authority record wherever it is kept. Every field, also an optional one: what is kept and not known here
// would be lost when the record is read again.

import { z } from 'zod'
import { type AuthorityRecord, recordKinds } from './authority-records.ts'

const moment = z.number().finite().nonnegative()

const recordShape = {
  kind: z.enum(recordKinds),
  key: z.string(),
  generation: z.number().int().positive(),
  issuedBeforeMs: moment,
  graceUntilMs: moment,
  changedAtMs: moment,
  keptUntilMs: moment,
  fingerprint: z.string().exactOptional(),
} satisfies Record<keyof AuthorityRecord, z.ZodType>

export const recordSchema: z.ZodType<AuthorityRecord> = z.strictObject(recordShape)
