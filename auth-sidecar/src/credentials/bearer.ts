// The token of an `Authorization: Bearer` header (RFC 6750 2.1). Does not look into the token.

import { err, ok, type Result } from '@sallyport/contracts/result'

/** The header is there, but is not `Bearer <token>`. */
export type BearerFault = 'not-a-bearer-header'

/** Reads the token; `undefined` when there is no header. The scheme's case does not matter (RFC 9110 11.1). */
export function readBearer(
  authorization: string | undefined,
): Result<string | undefined, BearerFault> {
  if (authorization === undefined) return ok(undefined)
  const match = /^bearer ([^\s,]+)$/i.exec(authorization)
  return match?.[1] ? ok(match[1]) : err('not-a-bearer-header')
}
