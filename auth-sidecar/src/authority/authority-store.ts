// The durable half of live authority: a generation for each subject and session, in an epoch.
// Everything derived from a session carries the generation it was made in; ending a session moves it on.

import type { Generation } from '@sallyport/contracts/identity'
import type { Lineage } from './authority.ts'

/** All methods reject only on an outage. */
export type AuthorityStore = {
  /** The present generation of a subject and one of its sessions. */
  readonly current: (lineage: Lineage) => Promise<Generation>
  /** Moves a session's generation on, atomically: whatever carries the old one is void from here. */
  readonly endSession: (sessionId: string) => Promise<void>
}
