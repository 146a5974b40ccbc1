// Start reading here: the whole decision about one WebSocket handshake, top to bottom, one file a step.
// A refusal is a value; an outage throws and becomes 503 at the edge. Nothing is allowed because something failed.

import type { Denial } from '@sallyport/contracts/denials'
import type { CredentialWay, Identity } from '@sallyport/contracts/identity'
import type { AssertionSigner } from '@sallyport/contracts/identity-assertion'
import { ok, type Result } from '@sallyport/contracts/result'
import { protocolName } from '@sallyport/contracts/subprotocol'
import type { Authority } from '../authority/authority.ts'
import type { CurrentAuthority } from '../authority/current-authority.ts'
import { type AttemptLimiter, attemptDenial } from '../limits/attempt-limiter.ts'
import { addressKey } from '../limits/client-address.ts'
import { checkOrigin, type OriginPolicy } from './check-origin.ts'
import { type HandshakeRequest, type HeaderLines, parseHandshake } from './handshake-request.ts'
import { readCredentials } from './read-credentials.ts'
import { resolveAuthority } from './resolve-authority.ts'

/** What an allowed handshake carries on to the backend. */
export type Grant = {
  readonly identity: Identity
  /** The signed identity, bound to this handshake. */
  readonly assertion: string
  /** The subprotocol to select; undefined when the client offered none. */
  readonly protocol: string | undefined
}

export type HandshakeDeps = {
  readonly attempts: AttemptLimiter
  readonly origins: OriginPolicy
  readonly sessionCookieName: string
  readonly currentAuthority: CurrentAuthority
  readonly signAssertion: AssertionSigner['sign']
  readonly now: () => number
}

/** A decision and what the log may say about it. */
export type Decision = {
  readonly outcome: Result<Grant, Denial>
  readonly clientAddress?: string
  readonly origin?: string | undefined
}

/** Decides one handshake from its header lines. Rejects only on an outage. */
export async function decideHandshake(lines: HeaderLines, deps: HandshakeDeps): Promise<Decision> {
  const request = parseHandshake(lines)
  if (!request.ok) return { outcome: request }
  const { clientAddress, origin } = request.value
  return { outcome: await decide(request.value, deps), clientAddress, origin }
}

async function decide(
  request: HandshakeRequest,
  deps: HandshakeDeps,
): Promise<Result<Grant, Denial>> {
  // Attempts from foreign pages are counted apart, or any page could use up its visitor's own.
  const origin = checkOrigin(request.origin, request.cookieHeader !== undefined, deps.origins)
  const address = addressKey(request.clientAddress)
  const attempt = await deps.attempts.count(origin.ok ? address : `${address} foreign`)
  if (!attempt.allowed) return attemptDenial(attempt)
  if (!origin.ok) return origin

  const presented = readCredentials(request, deps.sessionCookieName)
  if (!presented.ok) return presented

  const resolved = await resolveAuthority(presented.value, deps.currentAuthority)
  if (!resolved.ok) return resolved

  const identity = toIdentity(resolved.value.authority, resolved.value.way, deps.now())
  return ok({
    identity,
    assertion: deps.signAssertion(identity, request.webSocketKey),
    protocol: request.offered.offersOurs ? protocolName : undefined,
  })
}

function toIdentity(authority: Authority, way: CredentialWay, nowMs: number): Identity {
  const { issuer, subject, username, sessionId, generation, expiresAtMs } = authority
  const { groups, scopes } = authority
  const ttlMs = expiresAtMs - nowMs
  const route = 'websocket'
  return {
    issuer,
    subject,
    username,
    sessionId,
    generation,
    way,
    ttlMs,
    route,
    groups,
    scopes,
    claims: {},
  }
}
