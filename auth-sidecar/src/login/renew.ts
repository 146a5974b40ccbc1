// `GET /auth/session`, and `POST /auth/refresh` by cookie: the login answer again, with a fresh token, for a live
// session. Neither the session nor its cookie lasts longer for it: the sign-in has set its end.
// A refusal removes no cookie. Answers race: another tab may have signed in while this one was asked about the dead
// session, and would lose the new cookie. A dead one opens nothing, the next login overwrites it, and the page clears
// the readable companion itself.

import { authenticationDetails, refuse } from '@sallyport/contracts/denials'
import { ok } from '@sallyport/contracts/result'
import type { CurrentAuthority } from '../authority/current-authority.ts'
import type { SessionRecord } from '../sessions/session-store.ts'
import type { IssueTokenDeps } from '../tokens/issue-token.ts'
import type { AnnounceExtension } from './announce-extension.ts'
import { type ApiAnswer, type ApiRequest, sessionSecretOf } from './api-request.ts'
import { makeLoginAnswer } from './login-answer.ts'
import type { SessionCookieOptions } from './session-cookies.ts'
import { freshTokenCookie, type TokenCookie } from './token-cookie.ts'

export type RenewDeps = {
  readonly currentAuthority: Pick<CurrentAuthority, 'session'>
  readonly tokens: IssueTokenDeps
  readonly cookies: SessionCookieOptions
  readonly tokenCookie: TokenCookie
  readonly announceExtension: AnnounceExtension
}

/** Answers for the session behind the cookie. Rejects only on an outage. */
export async function renew(request: ApiRequest, deps: RenewDeps): Promise<ApiAnswer> {
  const secret = sessionSecretOf(request, deps.cookies)
  if (!secret.ok) return { outcome: refuse('conflicting-credentials', secret.error) }
  if (secret.value === undefined) {
    const detail = authenticationDetails.noSessionCookie
    return { outcome: refuse('authentication-required', 'no-cookie', { detail }) }
  }
  const session = await deps.currentAuthority.session(secret.value)
  if (!session.ok) {
    const detail = authenticationDetails.invalidSession
    return { outcome: refuse('invalid-credential', session.error, { detail }) }
  }
  const outcome = ok(await makeLoginAnswer(session.value, deps.tokens))
  return { outcome, setCookies: await extendTokenCookie(session.value, deps) }
}

/** The sockets that came by the cookie rest on what is in it now, and last as long. */
async function extendTokenCookie(session: SessionRecord, deps: RenewDeps): Promise<string[]> {
  const { tokens, tokenCookie, cookies, announceExtension } = deps
  const fresh = await freshTokenCookie(session, { tokenCookie, cookies, now: tokens.now })
  if (!fresh) return []
  const { setCookie, ...extension } = fresh
  await announceExtension(session, extension)
  return [setCookie]
}
