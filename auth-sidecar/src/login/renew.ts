// `GET /auth/session` and `POST /auth/refresh`: the login answer again, with a fresh token, for a live session.

import { err, ok } from '@sallyport/contracts/result'
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
  if (!secret.ok) return { outcome: err({ code: 'conflicting-credentials', reason: secret.error }) }
  if (secret.value === undefined) {
    const detail = 'No session cookie found'
    return { outcome: err({ code: 'authentication-required', reason: 'no-cookie', detail }) }
  }
  const session = await deps.currentAuthority.session(secret.value)
  if (session.ok) return { outcome: ok(await makeLoginAnswer(session.value, deps.tokens)) }
  return {
    outcome: err({ code: 'invalid-credential', reason: session.error, detail: 'Invalid session' }),
    setCookies: signedOutCookies(deps.cookies),
  }
}
