// May this upgrade become a socket, and whose? Form, signature, first use: in this order, cheap before dear.
// Believes nothing but what the sidecar signed for exactly this handshake; writes nothing on any socket.

import type { IncomingMessage } from 'node:http'
import type { Denial } from '@sallyport/contracts/denials'
import type { Identity, PendingIdentity } from '@sallyport/contracts/identity'
import {
  type AssertionKey,
  backendAudience,
  verifyAssertion,
} from '@sallyport/contracts/identity-assertion'
import { err, ok, type Result } from '@sallyport/contracts/result'
import type { NonceVerdict } from './nonce-memory.ts'
import { parseUpgrade } from './parse-upgrade.ts'

export type DecideUpgradeDeps = {
  /** Those in force now: they may be rotated. */
  readonly keys: () => readonly AssertionKey[]
  readonly rememberNonce: (nonce: string) => NonceVerdict
  readonly isSocketPath: (path: string) => boolean
  readonly isDraining: () => boolean
  /** The assertion's times are judged by it. */
  readonly wallClock: () => Date
}

/** Whom the socket is for: somebody, or nobody yet. */
export type UpgradeGrant =
  | { readonly kind: 'identity'; readonly identity: Identity }
  | { readonly kind: 'pending'; readonly pending: PendingIdentity }

const draining: Denial = { code: 'unavailable', reason: 'draining', retryAfterSeconds: 1 }

/** Whose upgrade this is, or why it is refused. */
export async function decideUpgrade(
  request: IncomingMessage,
  deps: DecideUpgradeDeps,
): Promise<Result<UpgradeGrant, Denial>> {
  if (deps.isDraining()) return err(draining)
  const upgrade = parseUpgrade(request, deps.isSocketPath)
  if (!upgrade.ok) return upgrade

  const { assertion, webSocketKey, offered } = upgrade.value
  const verified = await verifyAssertion(
    assertion,
    deps.keys(),
    { audience: backendAudience, webSocketKey },
    () => deps.wallClock().getTime(),
  )
  if (!verified.ok) return err({ code: 'invalid-credential', reason: verified.error })

  const nonce = deps.rememberNonce(verified.value.nonce)
  if (nonce === 'used') return err({ code: 'invalid-credential', reason: 'assertion-replayed' })
  if (nonce === 'full') {
    return err({ code: 'unavailable', reason: 'nonces-full', retryAfterSeconds: 5 })
  }
  // Draining may have begun while the assertion was verified.
  if (deps.isDraining()) return err(draining)
  const { value } = verified
  // Each kind speaks its own protocol: a client that meant to authenticate first is never live unasked.
  const isSpoken =
    value.kind === 'pending'
      ? offered.offersFirstMessage
      : offered.offersOurs || offered.count === 0
  if (!isSpoken) return err({ code: 'unknown-subprotocol', reason: 'other-subprotocol' })
  return value.kind === 'pending'
    ? ok({ kind: 'pending', pending: value.pending })
    : ok({ kind: 'identity', identity: value.identity })
}
