// Remembers tokens that were verified, by the SHA-256 of the exact compact token (signature included), so that
// a reconnect costs one hash. A hit still checks expiry here; generation and revocation are checked by the caller.

import { hash } from 'node:crypto'
import { err } from '@sallyport/contracts/result'
import type { Authority } from '../authority/authority.ts'
import type { VerifyToken } from './verify-token.ts'

/** Wraps a verifier with a bounded memory of its successes; refusals are never remembered. */
export function rememberVerifiedTokens(
  verifyToken: VerifyToken,
  options: { readonly maxTokens: number; readonly now: () => number },
): VerifyToken {
  const remembered = new Map<string, { readonly ok: true; readonly value: Authority }>()

  function remember(key: string, verified: { readonly ok: true; readonly value: Authority }): void {
    if (remembered.size >= options.maxTokens) {
      const oldest = remembered.keys().next()
      if (!oldest.done) remembered.delete(oldest.value)
    }
    remembered.set(key, verified)
  }

  return async function verifyRemembered(compact) {
    const key = hash('sha256', compact, 'base64url')
    const hit = remembered.get(key)
    if (hit) {
      if (hit.value.expiresAtMs > options.now()) return hit
      remembered.delete(key)
      return err('token-expired')
    }
    const verified = await verifyToken(compact)
    if (verified.ok) remember(key, verified)
    return verified
  }
}
