// An identity as a sidecar is asked about it. Pure.

import type { CheckRequest } from '@sallyport/contracts/authority-questions'
import type { Identity } from '@sallyport/contracts/identity'

/** All of it but how long it lasts and what its holder is called: neither is judged. */
export function askedIdentity(identity: Identity): CheckRequest['identities'][number] {
  const { ttlMs: _ttlMs, username: _username, ...asked } = identity
  return asked
}
