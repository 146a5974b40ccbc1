// The session a ticket is asked for with: by its cookie, by one of its tokens, or by both of the same session.
// The rules of a handshake with the same two credentials; tickets beget no tickets.

import { authenticationDetails, type Denial, refuse } from '@sallyport/contracts/denials'
import { ok, type Result } from '@sallyport/contracts/result'
import type { Authority } from '../authority/authority.ts'
import { readBearer } from '../credentials/bearer.ts'
import { type ApiRequest, type CredentialJudge, sessionSecretOf } from '../login/api-request.ts'
import type { SessionCookieOptions } from '../login/session-cookies.ts'

export type ParentSessionDeps = {
  readonly currentAuthority: CredentialJudge
  readonly cookies: Pick<SessionCookieOptions, 'name' | 'secure'>
}

/** What a 401 lists. */
const accepts = ['session-cookie', 'authorization'] as const

/**
 * The authority behind a request's cookie or token. `audience` is what a token's must be in place of its issuer's
 * own. Rejects only on an outage.
 */
export async function parentSession(
  request: Pick<ApiRequest, 'cookieHeader' | 'authorization'>,
  audience: string | undefined,
  deps: ParentSessionDeps,
): Promise<Result<Authority, Denial>> {
  const secret = sessionSecretOf(request, deps.cookies)
  if (!secret.ok) return refuse('conflicting-credentials', secret.error)
  const bearer = readBearer(request.authorization)
  if (!bearer.ok) return invalid(bearer.error, authenticationDetails.invalid)
  if (bearer.value === undefined && secret.value === undefined) {
    const detail = authenticationDetails.noSessionCookie
    return refuse('authentication-required', 'nothing-presented', { detail, accepts })
  }

  const { byToken, bySession } = deps.currentAuthority
  const token =
    bearer.value === undefined
      ? undefined
      : await byToken(bearer.value, { use: 'bearer', audience })
  if (token?.ok === false) return invalid(token.error, authenticationDetails.invalid)
  const session = secret.value === undefined ? undefined : await bySession(secret.value)
  if (token === undefined) {
    if (session?.ok) return session
    return invalid(session?.error ?? 'session-unknown', authenticationDetails.invalidSession)
  }
  return session?.ok ? together(token.value, session.value) : token
}

/** A dead cookie beside a good token is ignored; a live one must be of the same session. */
function together(token: Authority, session: Authority): Result<Authority, Denial> {
  const isSame =
    token.issuer === session.issuer &&
    token.subject === session.subject &&
    token.sessionId === session.sessionId
  if (!isSame) return refuse('conflicting-credentials', 'cookie-of-another-session')
  return ok({ ...token, expiresAtMs: Math.min(token.expiresAtMs, session.expiresAtMs) })
}

function invalid(reason: string, detail: string) {
  return refuse('invalid-credential', reason, { detail, accepts })
}
