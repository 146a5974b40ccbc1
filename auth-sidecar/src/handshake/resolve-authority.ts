// Step 6, authority: the table of `PROTOCOL.md` "Credentials on a handshake". A logged-in browser always carries
// its cookie, so "one credential" means one authority: an explicit token decides, and may not contradict the cookie.

import { authenticationDetails, type Denial, refuse } from '@sallyport/contracts/denials'
import type { CredentialWay } from '@sallyport/contracts/identity'
import { ok, type Result } from '@sallyport/contracts/result'
import type { Authority } from '../authority/authority.ts'
import type { CurrentAuthority } from '../authority/current-authority.ts'
import type { PresentedCredentials } from './read-credentials.ts'

/** An authority and the way its credential travelled. */
export type ResolvedAuthority = { readonly authority: Authority; readonly way: CredentialWay }

const accepts = ['session-cookie', 'authorization', 'subprotocol']
const { required, invalid, invalidSession } = authenticationDetails

/** Decides whose authority the handshake rests on. Rejects only on an outage. */
export async function resolveAuthority(
  presented: PresentedCredentials,
  current: CurrentAuthority,
): Promise<Result<ResolvedAuthority, Denial>> {
  const { token, sessionSecret } = presented
  if (token === undefined && sessionSecret === undefined) {
    return refuse('authentication-required', 'no-credential', { detail: required, accepts })
  }
  const byCookie = sessionSecret === undefined ? undefined : await current.bySession(sessionSecret)
  if (token === undefined) {
    if (!byCookie?.ok) {
      const reason = byCookie?.error ?? 'session-unknown'
      return refuse('invalid-credential', reason, { detail: invalidSession, accepts })
    }
    return ok({ authority: byCookie.value, way: 'session-cookie' })
  }
  const byToken = await current.byToken(token.compact)
  if (!byToken.ok) return refuse('invalid-credential', byToken.error, { detail: invalid, accepts })
  if (!byCookie?.ok) return ok({ authority: byToken.value, way: token.way })
  if (!isSameLineage(byToken.value, byCookie.value)) {
    return refuse('conflicting-credentials', 'cookie-of-another-session')
  }
  return ok({ authority: endsFirst(byToken.value, byCookie.value), way: token.way })
}

function isSameLineage(a: Authority, b: Authority): boolean {
  return a.sessionId === b.sessionId && a.subject === b.subject && a.issuer === b.issuer
}

function endsFirst(a: Authority, b: Authority): Authority {
  return a.expiresAtMs <= b.expiresAtMs ? a : b
}
