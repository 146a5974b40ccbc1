// Signs events with the newest assertion key and believes those of the whole ring, as it is now: sidecars that were
// started before and after a rotation understand each other. Between two changes it is `signed-event.ts`.

import type { AssertionKey } from '@sallyport/contracts/identity-assertion'
import { createEventSigner, type EventSigner } from './signed-event.ts'

/** A secret for each key of the ring, the newest first. */
export type EventSecretsOf = (
  ring: readonly AssertionKey[],
) => readonly [Uint8Array, ...Uint8Array[]]

/** The signer of the ring that `ring` says; another ring is another array. */
export function createFollowedEventSigner(
  ring: () => readonly AssertionKey[],
  secretsOf: EventSecretsOf,
): EventSigner {
  const makeSigner = (keys: readonly AssertionKey[]) => {
    const [newest, ...others] = secretsOf(keys)
    return createEventSigner(newest, others)
  }
  let inForce = ring()
  let signer = makeSigner(inForce)
  const present = () => {
    const keys = ring()
    if (keys !== inForce) {
      signer = makeSigner(keys)
      inForce = keys
    }
    return signer
  }
  return {
    sign: (position, event) => present().sign(position, event),
    open: (line) => present().open(line),
  }
}
