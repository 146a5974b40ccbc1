// A group: figures that are measured together, and why they may not be measurable here.

import type { Context } from '../context.ts'
import type { Figure, Measurement } from '../report.ts'

export type Group = {
  /** Every figure the group gives, so that a group that cannot run is still told of. */
  readonly figures: readonly Figure[]
  /** Measures. Rejects when something breaks; a missing tool is a measurement with a note. */
  readonly measure: (context: Context) => Promise<Measurement[]>
}
