// `GET /auth/session` and `POST /auth/refresh`: the login answer again, with a fresh token, for a live session.

import { authenticationDetails, refuse } from '@sallyport/contracts/denials'
import { ok } from '@sallyport/contracts/result'
import type { CurrentAuthority } from '../authority/current-authority.ts'
import type { IssueTokenDeps } from '../tokens/issue-token.ts'
import { type ApiAnswer, type ApiRequest, sessionSecretOf } from './api-request.ts'
import { makeLoginAnswer } from './login-answer.ts'
import { type SessionCookieOptions, signedOutCookies } from './session-cookies.ts'

export type RenewDeps = {
  readonly currentAuthority: Pick<CurrentAuthority, 'session'>
  readonly tokens: IssueTokenDeps
  readonly cookies: SessionCookieOptions
}

/** Answers for the session behind the cookie; a dead cookie is cleared. Rejects only on an outage. */
export async function renew(request: ApiRequest, deps: RenewDeps): Promise<ApiAnswer> {
  const secret = sessionSecretOf(request, deps.cookies)
  if (!secret.ok) return { outcome: refuse('conflicting-credentials', secret.error) }
  if (secret.value === undefined) {
    const detail = authenticationDetails.noSessionCookie
    return { outcome: refuse('authentication-required', 'no-cookie', { detail }) }
  }
  const session = await deps.currentAuthority.session(secret.value)
  if (session.ok) return { outcome: ok(await makeLoginAnswer(session.value, deps.tokens)) }
  return {
    outcome: refuse('invalid-credential', session.error, {
      detail: authenticationDetails.invalidSession,
    }),
    setCookies: signedOutCookies(deps.cookies),
  }
}
