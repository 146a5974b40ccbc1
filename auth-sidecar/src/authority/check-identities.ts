// "Are these still good?" – what a backend asks after it registered a socket, and after it missed events.

import type { AuthorityVerdict, CheckRequest } from '@sallyport/contracts/authority-event'
import { isSameGeneration } from '@sallyport/contracts/identity'
import type { AuthorityStore } from './authority-store.ts'

/** One verdict an identity, in order. Rejects only on an outage. */
export function checkIdentities(
  request: CheckRequest,
  authorities: Pick<AuthorityStore, 'current'>,
): Promise<AuthorityVerdict[]> {
  return Promise.all(
    request.identities.map(async (identity) => {
      const { generation } = identity
      const now = await authorities.current(identity)
      if (now.epoch !== generation.epoch) return 'void'
      return isSameGeneration(generation, now) ? 'good' : 'revoked'
    }),
  )
}
