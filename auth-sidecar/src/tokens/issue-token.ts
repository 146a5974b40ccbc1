// Makes the tokens of a session: one to be sent as a bearer, one to lie in the `auth_token` cookie. Neither outlives
// the session, both carry its generation, and each is refused in place of the other.

import { randomUUID } from 'node:crypto'
import { formatGeneration, type TokenFacts } from '@sallyport/contracts/identity'
import { SignJWT } from 'jose'
import type { SessionRecord } from '../sessions/session-store.ts'
import type { KeyRing } from './key-ring.ts'
import { type TokenProfile, type TokenUse, tokenTypes } from './token-profile.ts'

export type IssueTokenDeps = TokenProfile & {
  readonly keyRing: Pick<KeyRing, 'signingKey'>
  readonly tokenLifeMs: number
  readonly now: () => number
}

/** A compact token, when it ends (wall clock, ms), and its facts as whoever verifies it reads them. */
export type IssuedToken = {
  readonly compact: string
  readonly expiresAtMs: number
  readonly token: TokenFacts
}

/** Issues an access token for a live session. */
export function issueToken(session: SessionRecord, deps: IssueTokenDeps): Promise<IssuedToken> {
  return issue('bearer', session, deps)
}

/**
 * Issues the JWT of the `auth_token` cookie for a live session. It lives as long as an access token, not as long as
 * the session: a stolen copy is worth no more, and a refresh sets the cookie anew.
 */
export function issueCookieToken(
  session: SessionRecord,
  deps: IssueTokenDeps,
): Promise<IssuedToken> {
  return issue('cookie', session, deps)
}

async function issue(
  use: TokenUse,
  session: SessionRecord,
  deps: IssueTokenDeps,
): Promise<IssuedToken> {
  const { keyId, key } = deps.keyRing.signingKey
  const nowMs = deps.now()
  const id = randomUUID()
  const issuedAtSeconds = Math.floor(nowMs / 1000)
  const expiresAtSeconds = Math.floor(
    Math.min(nowMs + deps.tokenLifeMs, session.expiresAtMs) / 1000,
  )
  const { clientId, deviceType, ipAddress } = session.device
  const compact = await new SignJWT({
    sid: session.sessionId,
    gen: formatGeneration(session.generation),
    preferred_username: session.username,
    ...(session.groups.length > 0 && { groups: session.groups }),
    // RFC 9068 2.2. A cookie may be no longer than 4096 bytes, and says its device once.
    ...(use === 'bearer' && { client_id: clientId }),
    deviceInfo: { clientId, deviceType, ipAddress },
  })
    .setProtectedHeader({ alg: 'ES256', typ: tokenTypes[use], kid: keyId })
    .setIssuer(deps.issuer)
    .setAudience(deps.audience)
    .setSubject(session.subject)
    .setJti(id)
    .setIssuedAt(issuedAtSeconds)
    .setExpirationTime(expiresAtSeconds)
    .sign(key)
  return {
    compact,
    expiresAtMs: expiresAtSeconds * 1000,
    token: { id, keyId, issuedAtMs: issuedAtSeconds * 1000 },
  }
}
