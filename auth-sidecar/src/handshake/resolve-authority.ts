// Step 5, authority: the table of `PROTOCOL.md` "Credentials on a handshake". A logged-in browser always carries
// its cookies, so "one credential" means one authority: an explicit one decides, and may not contradict the cookies.

import { authenticationDetails, type Denial, refuse } from '@sallyport/contracts/denials'
import type { CredentialWay } from '@sallyport/contracts/identity'
import { ok, type Result } from '@sallyport/contracts/result'
import type { Authority } from '../authority/authority.ts'
import type { AuthorityFault, CurrentAuthority } from '../authority/current-authority.ts'
import type { ExplicitCredential, PresentedCredentials } from './read-credentials.ts'

/** An authority and the way its credential travelled. */
export type ResolvedAuthority = {
  readonly authority: Authority
  readonly way: CredentialWay
  /** Why a cookie beside it was ignored; for the log. */
  readonly ignored: AuthorityFault | undefined
}

/** What a credential must fit. */
export type AuthorityContext = {
  /** The route's name and what its tokens' audience must be. */
  readonly name: string
  readonly audience: string | undefined
  readonly ways: readonly CredentialWay[]
  readonly origin: string | undefined
}

export type ResolveDeps = Pick<CurrentAuthority, 'byToken' | 'bySession' | 'byTicket'>

type Judged = Result<Authority, AuthorityFault> | undefined

/** Decides whose authority a request rests on. Rejects only on an outage. */
export async function resolveAuthority(
  presented: PresentedCredentials,
  context: AuthorityContext,
  current: ResolveDeps,
): Promise<Result<ResolvedAuthority, Denial>> {
  const { explicit, sessionSecret, cookieToken } = presented
  const isBare = sessionSecret === undefined && cookieToken === undefined
  if (explicit === undefined && isBare) return refuseNothing(context.ways)

  const byExplicit =
    explicit === undefined ? undefined : await judgeExplicit(explicit, context, current)
  // No falling back to a cookie: what was presented on purpose is what is judged.
  if (byExplicit?.ok === false) {
    return refuseInvalid(byExplicit.error, authenticationDetails.invalid, context.ways)
  }
  if (explicit && byExplicit && isBare) return granted(byExplicit.value, explicit.way)

  const bySession = sessionSecret === undefined ? undefined : await current.bySession(sessionSecret)
  const byCookieToken =
    cookieToken === undefined
      ? undefined
      : await current.byToken(cookieToken, { use: 'cookie', audience: context.audience })
  if (!areOneLineage(byExplicit, bySession, byCookieToken)) {
    const detail = 'The credentials sent are of different sessions; send one, or sign out first'
    return refuse('conflicting-credentials', 'cookie-of-another-session', { detail })
  }
  const ignored = faultOf(bySession) ?? faultOf(byCookieToken)
  if (explicit && byExplicit) {
    return granted(boundedBy(byExplicit.value, bySession, byCookieToken), explicit.way, ignored)
  }
  if (bySession?.ok) {
    return granted(withToken(bySession.value, byCookieToken), 'session-cookie', ignored)
  }
  if (byCookieToken?.ok) return granted(byCookieToken.value, 'token-cookie', ignored)
  const { invalidSession } = authenticationDetails
  return refuseInvalid(ignored ?? 'session-unknown', invalidSession, context.ways)
}

function judgeExplicit(
  { way, value }: ExplicitCredential,
  { name, audience, origin }: AuthorityContext,
  current: ResolveDeps,
): Promise<Result<Authority, AuthorityFault>> {
  if (way === 'ticket') return current.byTicket(value, { route: name, origin })
  return current.byToken(value, { use: 'bearer', audience })
}

function granted(
  authority: Authority,
  way: CredentialWay,
  ignored?: AuthorityFault,
): Result<ResolvedAuthority, never> {
  return ok({ authority, way, ignored })
}

/** All that are good are of one session of one subject; those that are not good say nothing. */
function areOneLineage(...judged: readonly Judged[]): boolean {
  const [first, ...others] = judged.flatMap((each) => (each?.ok ? [each.value] : []))
  return others.every(
    (other) =>
      other.sessionId === first?.sessionId &&
      other.subject === first.subject &&
      other.issuer === first.issuer,
  )
}

/** What was presented on purpose decides, and lives no longer than a cookie of the same session. */
function boundedBy(authority: Authority, ...cookies: readonly Judged[]): Authority {
  let expiresAtMs = authority.expiresAtMs
  for (const cookie of cookies) {
    if (cookie?.ok) expiresAtMs = Math.min(expiresAtMs, cookie.value.expiresAtMs)
  }
  return expiresAtMs === authority.expiresAtMs ? authority : { ...authority, expiresAtMs }
}

/** The session decides; what was presented beside it can be revoked by name, and then ends what came of both. */
function withToken(session: Authority, cookieToken: Judged): Authority {
  const token = cookieToken?.ok ? cookieToken.value.token : undefined
  return token ? { ...session, token } : session
}

function faultOf(judged: Judged): AuthorityFault | undefined {
  return judged?.ok === false ? judged.error : undefined
}

/** The sentence names what this route takes, so that who reads it knows what to send. */
function refuseNothing(ways: readonly CredentialWay[]) {
  const detail = detailOf(ways)
  return refuse('authentication-required', 'no-credential', {
    ...(detail && { detail }),
    accepts: ways,
  })
}

function detailOf(ways: readonly CredentialWay[]): string | undefined {
  const { required, requiredInHeader, noSessionCookie } = authenticationDetails
  if (ways.includes('subprotocol')) return required
  if (ways.includes('authorization')) return requiredInHeader
  const takesCookies = ways.includes('session-cookie') || ways.includes('token-cookie')
  return takesCookies ? noSessionCookie : undefined
}

function refuseInvalid(reason: AuthorityFault, detail: string, ways: readonly CredentialWay[]) {
  return refuse('invalid-credential', reason, { detail, accepts: ways })
}
