// Step 4, origin: exact comparison of the raw header, before any credential is read (RFC 6455 10.2).
// Parsing an origin as a URL accepts spellings that no browser sends for us, so nothing is parsed here.

import type { Denial } from '@sallyport/contracts/denials'
import { err, ok, type Result } from '@sallyport/contracts/result'

export type OriginPolicy = {
  readonly allowedOrigins: ReadonlySet<string>
  /** Lets native clients through that send no Origin; never with a cookie. */
  readonly allowMissingOrigin: boolean
}

/** Judges a handshake's Origin. `carriesCookie`: a credential that a browser attaches by itself is present. */
export function checkOrigin(
  origin: string | undefined,
  carriesCookie: boolean,
  policy: OriginPolicy,
): Result<void, Denial> {
  if (origin !== undefined) {
    return policy.allowedOrigins.has(origin)
      ? ok(undefined)
      : err({ code: 'origin-not-allowed', reason: 'origin-not-listed' })
  }
  if (carriesCookie) {
    return err({
      code: 'origin-not-allowed',
      reason: 'origin-missing-with-cookie',
      detail: 'A cookie is accepted only together with an Origin header',
    })
  }
  if (!policy.allowMissingOrigin) {
    return err({
      code: 'origin-not-allowed',
      reason: 'origin-missing',
      detail: 'An Origin header is required',
    })
  }
  return ok(undefined)
}
