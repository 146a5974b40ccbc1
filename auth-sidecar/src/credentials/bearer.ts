// The token of an `Authorization: Bearer` header (RFC 6750 2.1). Does not look into the token.

import { err, ok, type Result } from '@sallyport/contracts/result'

/** The header is there, but is not `Bearer <token>`. */
export type BearerFault = 'not-a-bearer-header'

const scheme = 'bearer '

/** Reads the token; `undefined` when there is no header. The scheme's case does not matter (RFC 9110 11.1). */
export function readBearer(
  authorization: string | undefined,
): Result<string | undefined, BearerFault> {
  if (authorization === undefined) return ok(undefined)
  // Not one pattern for all of it: on the hot path its case-insensitivity would cost as much as the rest of the step.
  const isBearer = authorization.slice(0, scheme.length).toLowerCase() === scheme
  const token = authorization.slice(scheme.length)
  return isBearer && token !== '' && !/[\s,]/.test(token) ? ok(token) : err('not-a-bearer-header')
}
