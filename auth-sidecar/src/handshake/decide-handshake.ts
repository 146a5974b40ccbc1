// Start reading here: the whole decision about one WebSocket handshake, top to bottom, one file a step.
// A refusal is a value; an outage throws and becomes 503 at the edge. Nothing is allowed because something failed.

import type { Denial } from '@sallyport/contracts/denials'
import type { PendingIdentity, StandingIdentity } from '@sallyport/contracts/identity'
import type { AssertionSigner } from '@sallyport/contracts/identity-assertion'
import type { Route } from '@sallyport/contracts/policy'
import { ok, type Result } from '@sallyport/contracts/result'
import { firstMessageProtocolName, protocolName } from '@sallyport/contracts/subprotocol'
import type { AuthorityFault, CurrentAuthority } from '../authority/current-authority.ts'
import type { AttemptLimiter } from '../limits/attempt-limiter.ts'
import type { ActivePolicy } from '../policy/policy-source.ts'
import type { AdmitIdentity } from './admit-identity.ts'
import type { ApplicationHeaders } from './application-headers.ts'
import type { SignerOf } from './assertion-signers.ts'
import { checkOrigin } from './check-origin.ts'
import { countAttempt, settleAttempt } from './count-attempt.ts'
import {
  type HandshakeRequest,
  type HeaderLines,
  parseHandshake,
  type ShapeDeps,
} from './handshake-request.ts'
import { judgeHolder } from './judge-credentials.ts'
import { readPending } from './pending-identity.ts'
import type { CookieNames } from './read-credentials.ts'

/** What an allowed handshake carries on to the backend. */
export type Grant = {
  /** Who it is; or nobody yet, and leave to say it with the first message. */
  readonly identity: StandingIdentity | PendingIdentity
  /** How much longer the identity's authority lasts; undefined for nobody. */
  readonly ttlMs?: number
  /** The signed identity, bound to this handshake. */
  readonly assertion: string
  /** The subprotocol to select; undefined when the client offered none. */
  readonly protocol: string | undefined
  readonly headers?: ApplicationHeaders
  /** Why a cookie was ignored beside what decided; for the log. */
  readonly ignored?: AuthorityFault | undefined
}

export type HandshakeDeps = ShapeDeps & {
  readonly policy: {
    readonly current: () => Pick<ActivePolicy, 'claimNames' | 'policy' | 'addressKind'>
  }
  readonly attempts: AttemptLimiter
  readonly cookieNames: CookieNames
  readonly currentAuthority: Pick<
    CurrentAuthority,
    'byToken' | 'bySession' | 'byTicket' | 'burnTicket'
  >
  readonly admitIdentity: AdmitIdentity
  readonly signerOf: SignerOf
  readonly now: () => number
}

/** A decision and what the log may say about it. */
export type Decision<Granted = Grant> = {
  readonly outcome: Result<Granted, Denial>
  readonly route?: string
  readonly clientAddress?: string
  readonly origin?: string | undefined
}

/** Decides one handshake at a route from its header lines. Rejects only on an outage. */
export async function decideHandshake(
  lines: HeaderLines,
  route: Route,
  deps: HandshakeDeps,
): Promise<Decision> {
  const request = parseHandshake(lines, route, deps)
  if (!request.ok) return { outcome: request, route: route.name }
  const { clientAddress, origin } = request.value
  const outcome = await decide(request.value, route, deps)
  return { outcome, route: route.name, clientAddress, origin }
}

async function decide(
  request: HandshakeRequest,
  route: Route,
  deps: HandshakeDeps,
): Promise<Result<Grant, Denial>> {
  const policy = deps.policy.current()
  const { clientAddress, origin } = request
  const known = checkOrigin(origin, request.cookieHeader !== undefined, route)

  const source = { clientAddress, kind: policy.addressKind(clientAddress), isForeign: !known.ok }
  const attempt = await countAttempt(source, route, deps.attempts)
  if (!attempt.ok) return attempt
  if (!known.ok) return burningTickets(request, known, deps)

  const pending = readPending(request, route)
  if (!pending.ok) return pending
  if (pending.value) return ok(pendingGrant(pending.value, request, deps.signerOf(route.backend)))

  // Credentials → authority → who may, and as whom → headers: the steps that a probe takes, too.
  const admitted = await judgeHolder(request, { route, ways: route.ways, policy }, deps)
  if (!admitted.ok) return burningTickets(request, admitted, deps)
  const { identity, resolved, headers } = admitted.value

  const settled = await settleAttempt(attempt.value, identity, route, deps.attempts)
  if (!settled.ok) return settled

  const ttlMs = resolved.authority.expiresAtMs - deps.now()
  return ok({
    identity,
    ttlMs,
    assertion: deps
      .signerOf(route.backend)
      .sign(identity, { ttlMs, clientAddress }, request.webSocketKey),
    protocol: request.offered.offersOurs ? protocolName : undefined,
    headers,
    ignored: resolved.ignored,
  })
}

function pendingGrant(
  identity: PendingIdentity,
  { webSocketKey }: HandshakeRequest,
  signer: AssertionSigner,
): Grant {
  const assertion = signer.signPending(identity, webSocketKey)
  return { identity, assertion, protocol: firstMessageProtocolName }
}

/** A ticket that was presented is used up, whatever else is wrong (TKT-5). */
async function burningTickets<Refusal>(
  { tickets }: Pick<HandshakeRequest, 'tickets'>,
  refusal: Refusal,
  { currentAuthority }: Pick<HandshakeDeps, 'currentAuthority'>,
): Promise<Refusal> {
  if (tickets.length > 0) await Promise.all(tickets.map(currentAuthority.burnTicket))
  return refusal
}
