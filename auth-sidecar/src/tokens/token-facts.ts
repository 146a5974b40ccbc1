// What a revocation can name a token by: its id, its key, and when its holder proved who they are. Of what stands in
// it, never of its spelling: an ECDSA signature has a twin. Pure; of a token that was verified.

import { hash } from 'node:crypto'
import type { TokenFacts } from '@sallyport/contracts/identity'
import type { CompactToken } from './compact-token.ts'

/** The facts of a token whose times and ids were judged; it counts as issued `issuedEarlierMs` before it says. */
export function readTokenFacts(
  { header, payload, payloadBytes }: Pick<CompactToken, 'header' | 'payload' | 'payloadBytes'>,
  issuedEarlierMs: number,
): TokenFacts {
  const { jti, iat, auth_time: provedAt } = payload
  const issuedAt = Number(iat)
  // A session at its issuer may be days older than the token: what ended it since counts against all that comes of it.
  const isEarlier =
    typeof provedAt === 'number' && Number.isFinite(provedAt) && provedAt <= issuedAt
  const saidMs = Math.floor((isEarlier ? provedAt : issuedAt) * 1000)
  return {
    id: typeof jti === 'string' && jti !== '' ? jti : hash('sha256', payloadBytes, 'base64url'),
    keyId: header.kid,
    issuedAtMs: Math.max(0, saidMs - issuedEarlierMs),
  }
}
