// Makes an access token of a session. It never outlives the session and carries its generation.

import { randomUUID } from 'node:crypto'
import { formatGeneration } from '@sallyport/contracts/identity'
import { SignJWT } from 'jose'
import type { SessionRecord } from '../sessions/session-store.ts'
import type { KeyRing } from './key-ring.ts'
import { accessTokenType, type TokenProfile } from './token-profile.ts'

export type IssueTokenDeps = TokenProfile & {
  readonly keyRing: KeyRing
  readonly tokenLifeMs: number
  readonly now: () => number
}

/** A compact token and when it ends (wall clock, ms). */
export type IssuedToken = { readonly compact: string; readonly expiresAtMs: number }

/** Issues a token for a live session. */
export async function issueToken(
  session: SessionRecord,
  deps: IssueTokenDeps,
): Promise<IssuedToken> {
  const { keyId, key } = deps.keyRing.signingKey
  const nowMs = deps.now()
  const expiresAtSeconds = Math.floor(
    Math.min(nowMs + deps.tokenLifeMs, session.expiresAtMs) / 1000,
  )
  const compact = await new SignJWT({
    sid: session.sessionId,
    gen: formatGeneration(session.generation),
    preferred_username: session.username,
    ...(session.groups.length > 0 && { groups: session.groups }),
    client_id: session.device.clientId,
  })
    .setProtectedHeader({ alg: 'ES256', typ: accessTokenType, kid: keyId })
    .setIssuer(deps.issuer)
    .setAudience(deps.audience)
    .setSubject(session.subject)
    .setJti(randomUUID())
    .setIssuedAt(Math.floor(nowMs / 1000))
    .setExpirationTime(expiresAtSeconds)
    .sign(key)
  return { compact, expiresAtMs: expiresAtSeconds * 1000 }
}
