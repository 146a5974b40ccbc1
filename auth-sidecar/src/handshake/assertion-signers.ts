// Whose key an assertion is signed with: each backend's own, derived from the master, so that a backend can mint
// identities for itself only. Which backend a route leads to is the policy's to say.

import {
  type AssertionKey,
  type AssertionSigner,
  createAssertionSigner,
  deriveAssertionKey,
} from '@sallyport/contracts/identity-assertion'

/** The signer for one backend, by its name. */
export type SignerOf = (backend: string) => AssertionSigner

/** Signers under the newest of the master keys, each made once; throws when there is none. */
export function createAssertionSigners(
  masters: readonly AssertionKey[],
  now: () => number,
): SignerOf {
  const [master] = masters
  if (!master) throw new Error('the assertion ring is empty')
  // As many as backends were ever named in sallyport.yml: few.
  const signers = new Map<string, AssertionSigner>()
  return (backend) => {
    const known = signers.get(backend)
    if (known) return known
    const secret = deriveAssertionKey(master.secret, backend)
    const signer = createAssertionSigner({ keyId: master.keyId, secret }, backend, now)
    signers.set(backend, signer)
    return signer
  }
}
