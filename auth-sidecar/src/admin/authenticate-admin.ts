// Who operates: the bearer of a request against the admin tokens, failures bounded by address. Cookies are nothing here,
// so that no browser can be made to act for its operator.

import { addressKey } from '@sallyport/contracts/address-key'
import { type Denial, refuse } from '@sallyport/contracts/denials'
import { ok, type Result } from '@sallyport/contracts/result'
import { readBearer } from '../credentials/bearer.ts'
import { type AttemptLimiter, attemptDenial } from '../limits/attempt-limiter.ts'
import { type AdminScope, type AdminToken, findAdminToken } from './admin-tokens.ts'

export type AuthenticateAdminDeps = {
  /** The tokens in force; read anew for every request. */
  readonly tokens: () => readonly AdminToken[]
  /** Allows `adminFailuresPerMinute`. */
  readonly failures: Pick<AttemptLimiter, 'count'>
}

/** Wrong tokens of an address in a minute that are answered as such; for more there is 429. */
export const adminFailuresPerMinute = 10

/**
 * The token of whoever asks. Rejects only on an outage. A good one is not asked whether its address has failures left:
 * the limit is there to keep guessing and its log lines down, and 256 random bits cannot be guessed. Would it stop a
 * good one, ten wrong requests of any program on the operator's machine could lock the operator out, just when somebody
 * must be ended. Looking first costs one SHA-256 of at most 128 characters (`findAdminToken` hashes nothing longer).
 */
export async function authenticateAdmin(
  request: { readonly authorization: string | undefined; readonly clientAddress: string },
  { tokens, failures }: AuthenticateAdminDeps,
): Promise<Result<AdminToken, Denial>> {
  if (request.authorization === undefined) {
    // Nothing was tried, so nothing is counted: a browser's tab, or a monitor, asks without any.
    const detail = 'Send Authorization: Bearer with an admin token'
    return refuse('authentication-required', 'no-admin-token', { detail })
  }
  const bearer = readBearer(request.authorization)
  const secret = bearer.ok ? bearer.value : undefined
  const token = secret === undefined ? undefined : findAdminToken(secret, tokens())
  if (token) return ok(token)
  const counted = await failures.count(`admin ${addressKey(request.clientAddress)}`)
  if (!counted.allowed) return attemptDenial(counted)
  const detail = 'This admin token is not known or has expired'
  return refuse('invalid-credential', 'admin-token', { detail })
}

/** Refuses a token that lacks one of the scopes, and says which are needed. */
export function requireScopes(
  token: Pick<AdminToken, 'scopes'>,
  needed: readonly AdminScope[],
): Result<void, Denial> {
  if (needed.every((scope) => token.scopes.includes(scope))) return ok(undefined)
  const names = needed.join(' and ')
  return refuse('not-allowed', 'admin-scope', { detail: `This needs an admin token with ${names}` })
}
