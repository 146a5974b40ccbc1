// An assertion opens one socket. Only nonces of believed assertions are remembered, so strangers cannot fill it.

import { assertionUsableMs } from '@sallyport/contracts/identity-assertion'

/** A nonce is remembered after its assertion was verified, and verifying takes a different time each time. */
const verificationMarginMs = 1000

const nonceLifeMs = assertionUsableMs + verificationMarginMs

/** What became of a nonce. `full`: nothing can be promised, so the caller must refuse. */
export type NonceVerdict = 'fresh' | 'used' | 'full'

/** Remembers up to `capacity` nonces, each for as long as its assertion could be used again. */
export function createNonceMemory(capacity: number, now: () => number) {
  // A Map keeps insertion order, and every entry lives equally long: the first is the oldest.
  const forgetAtMs = new Map<string, number>()
  return function remember(nonce: string): NonceVerdict {
    const readAtMs = now()
    for (const [known, untilMs] of forgetAtMs) {
      if (untilMs > readAtMs) break
      forgetAtMs.delete(known)
    }
    if (forgetAtMs.has(nonce)) return 'used'
    if (forgetAtMs.size >= capacity) return 'full'
    forgetAtMs.set(nonce, readAtMs + nonceLifeMs)
    return 'fresh'
  }
}
