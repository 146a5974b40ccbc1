// From when to when a token is good. Clocks may differ by the issuer's tolerance when a token begins, never when it
// ends: what rests on it lives exactly until then.

import { err, ok, type Result } from '@sallyport/contracts/result'
import type { TokenPayload } from './compact-token.ts'
import type { TokenFault } from './token-fault.ts'

export type TokenTimeLimits = {
  readonly clockToleranceMs: number
  /** From `iat` to `exp`; as `iat` cannot lie ahead of the tolerance, this bounds what is left from now as well. */
  readonly maxLifeMs: number
}

/** Wall clock, ms. */
export type TokenTimes = { readonly notBeforeMs: number; readonly expiresAtMs: number }

/** Judges `exp`, `iat` (both required) and `nbf`. A fraction of a second is allowed (RFC 7519 2); `exp` is rounded down. */
export function judgeTimes(
  payload: TokenPayload,
  limits: TokenTimeLimits,
  nowMs: number,
): Result<TokenTimes, TokenFault> {
  const { exp, iat, nbf = iat } = payload
  if (!isNumericDate(exp) || !isNumericDate(iat) || !isNumericDate(nbf)) return err('token-claims')
  const expiresAtMs = Math.floor(exp) * 1000
  const notBeforeMs = Math.max(iat, nbf) * 1000 - limits.clockToleranceMs
  if (expiresAtMs <= nowMs) return err('token-expired')
  if (notBeforeMs > nowMs) return err('token-early')
  if (expiresAtMs - iat * 1000 > limits.maxLifeMs) return err('token-claims')
  return ok({ notBeforeMs, expiresAtMs })
}

function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}
