// What every group is given: where things are, the keeper of processes, and a voice.

import type { Options } from './options.ts'
import type { ProcessKeeper } from './processes.ts'

export type Context = {
  readonly options: Options
  /** Absolute path of the repository. */
  readonly root: string
  /** A folder of this run, deleted at its end. */
  readonly scratch: string
  readonly keeper: ProcessKeeper
  /** What children may inherit: the search path and where caches are. Nothing else reaches them. */
  readonly inherited: Readonly<Record<string, string>>
  readonly say: (line: string) => void
}
