// A group: parts that are measured one after the other, each with processes of its own, so that one that breaks
// takes no other with it.

import type { Context } from '../context.ts'
import type { Figure, Measurement } from '../report.ts'

export type Part = {
  /** Every figure the part gives, so that a part that cannot run is still told of. */
  readonly figures: readonly Figure[]
  /** Measures. Rejects when something breaks; a missing tool is a measurement with a note. */
  readonly measure: (context: Context) => Promise<Measurement[]>
}

export type Group = readonly Part[]
