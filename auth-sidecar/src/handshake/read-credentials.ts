// Step 5, credentials: which ones are presented, at most one explicit one and one cookie.
// Reads values only after the origin was judged; verifies nothing.

import { type Denial, refuse } from '@sallyport/contracts/denials'
import { ok, type Result } from '@sallyport/contracts/result'
import { readBearer } from '../credentials/bearer.ts'
import { readSessionCookie } from '../credentials/session-cookie.ts'
import { readOfferedToken } from '../credentials/subprotocol.ts'
import type { HandshakeRequest } from './handshake-request.ts'

/** What a handshake presents. */
export type PresentedCredentials = {
  readonly token?: { readonly compact: string; readonly way: 'authorization' | 'subprotocol' }
  /** The session cookie's secret; empty when it cannot be one of ours. */
  readonly sessionSecret?: string
}

const conflict = (reason: string) => refuse('conflicting-credentials', reason)

/** Collects the credentials of a handshake; two explicit ones that differ, or a cookie named twice, conflict. */
export function readCredentials(
  request: HandshakeRequest,
  cookieName: string,
): Result<PresentedCredentials, Denial> {
  const header = readBearer(request.authorization)
  if (!header.ok) return refuse('invalid-credential', header.error)
  const offered = readOfferedToken(request.offered)
  if (!offered.ok) return conflict(offered.error)
  const cookie = readSessionCookie(request.cookieHeader, cookieName)
  if (!cookie.ok) return conflict(cookie.error)
  if (header.value && offered.value && header.value !== offered.value) {
    return conflict('two-tokens')
  }
  const token = header.value
    ? { compact: header.value, way: 'authorization' as const }
    : offered.value !== undefined
      ? { compact: offered.value, way: 'subprotocol' as const }
      : undefined
  return ok({
    ...(token && { token }),
    ...(cookie.value !== undefined && { sessionSecret: cookie.value }),
  })
}
