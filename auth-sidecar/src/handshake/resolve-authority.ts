// Step 6, authority: the table of `PROTOCOL.md` "Credentials on a handshake". A logged-in browser always carries
// its cookie, so "one credential" means one authority: an explicit token decides, and may not contradict the cookie.

import type { Denial } from '@sallyport/contracts/denials'
import type { CredentialWay } from '@sallyport/contracts/identity'
import { err, ok, type Result } from '@sallyport/contracts/result'
import type { Authority } from '../authority/authority.ts'
import type { CurrentAuthority } from '../authority/current-authority.ts'
import type { PresentedCredentials } from './read-credentials.ts'

/** The ways named to a caller who presented nothing, or nothing valid. */
export const acceptedWays: readonly CredentialWay[] = [
  'session-cookie',
  'authorization',
  'subprotocol',
]

/** An authority and the way its credential travelled. */
export type ResolvedAuthority = { readonly authority: Authority; readonly way: CredentialWay }

const required = (detail: string): { ok: false; error: Denial } =>
  err({
    code: 'authentication-required',
    reason: 'no-credential',
    detail,
    accepts: acceptedWays,
  })

const invalid = (reason: string, detail: string): { ok: false; error: Denial } =>
  err({ code: 'invalid-credential', reason, detail, accepts: acceptedWays })

/** Decides whose authority the handshake rests on. Rejects only on an outage. */
export async function resolveAuthority(
  presented: PresentedCredentials,
  current: CurrentAuthority,
): Promise<Result<ResolvedAuthority, Denial>> {
  const { token, sessionSecret } = presented
  if (token === undefined && sessionSecret === undefined) {
    return required(
      'No session cookie found. Authentication required: Use Authorization header or Sec-WebSocket-Protocol',
    )
  }
  const byCookie = sessionSecret === undefined ? undefined : await current.bySession(sessionSecret)
  if (token === undefined) {
    if (!byCookie?.ok) return invalid(byCookie?.error ?? 'session-unknown', 'Invalid session')
    return ok({ authority: byCookie.value, way: 'session-cookie' })
  }
  const byToken = await current.byToken(token.compact)
  if (!byToken.ok) return invalid(byToken.error, 'Invalid credential')
  if (!byCookie?.ok) return ok({ authority: byToken.value, way: token.way })
  if (!isSameLineage(byToken.value, byCookie.value)) {
    return err({ code: 'conflicting-credentials', reason: 'cookie-of-another-session' })
  }
  return ok({ authority: endsFirst(byToken.value, byCookie.value), way: token.way })
}

function isSameLineage(a: Authority, b: Authority): boolean {
  return a.sessionId === b.sessionId && a.subject === b.subject && a.issuer === b.issuer
}

function endsFirst(a: Authority, b: Authority): Authority {
  return a.expiresAtMs <= b.expiresAtMs ? a : b
}
