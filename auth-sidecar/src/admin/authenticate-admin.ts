// Who operates: the bearer of a request against the admin tokens, failures bounded before anything is hashed. Cookies
// are nothing here, so that no browser can be made to act for its operator.

import { addressKey } from '@sallyport/contracts/address-key'
import { type Denial, refuse } from '@sallyport/contracts/denials'
import { ok, type Result } from '@sallyport/contracts/result'
import { readBearer } from '../credentials/bearer.ts'
import { type AttemptLimiter, attemptDenial } from '../limits/attempt-limiter.ts'
import { type AdminScope, type AdminToken, findAdminToken } from './admin-tokens.ts'

export type AuthenticateAdminDeps = {
  /** The tokens in force; read anew for every request. */
  readonly tokens: () => readonly AdminToken[]
  /** Counts in windows of a minute. */
  readonly failures: Pick<AttemptLimiter, 'count' | 'peek'>
}

/** Failures of an address in a minute; what comes after is not looked at. */
const maxFailures = 10

const detail = 'Send Authorization: Bearer with an admin token'

/** The token of whoever asks. Rejects only on an outage. */
export async function authenticateAdmin(
  request: { readonly authorization: string | undefined; readonly clientAddress: string },
  { tokens, failures }: AuthenticateAdminDeps,
): Promise<Result<AdminToken, Denial>> {
  const key = `admin ${addressKey(request.clientAddress)}`
  const open = await failures.peek(key, maxFailures)
  if (!open.allowed) return attemptDenial(open)
  const bearer = readBearer(request.authorization)
  const secret = bearer.ok ? bearer.value : undefined
  const token = secret === undefined ? undefined : findAdminToken(secret, tokens())
  if (token) return ok(token)
  const counted = await failures.count(key, maxFailures)
  // Others failed while this one waited.
  if (!counted.allowed) return attemptDenial(counted)
  if (request.authorization === undefined) {
    return refuse('authentication-required', 'no-admin-token', { detail })
  }
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
