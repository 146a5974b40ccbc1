// Step 4, origin: exact comparison of the raw header, before any credential is read (RFC 6455 10.2).
// Parsing an origin as a URL accepts spellings that no browser sends for us, so nothing is parsed here.

import { type Denial, refuse } from '@sallyport/contracts/denials'
import { ok, type Result } from '@sallyport/contracts/result'

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
    const isListed = policy.allowedOrigins.has(origin)
    return isListed ? ok(undefined) : refuse('origin-not-allowed', 'origin-not-listed')
  }
  if (carriesCookie) {
    const detail = 'A cookie is accepted only together with an Origin header'
    return refuse('origin-not-allowed', 'origin-missing-with-cookie', { detail })
  }
  if (policy.allowMissingOrigin) return ok(undefined)
  return refuse('origin-not-allowed', 'origin-missing', { detail: 'An Origin header is required' })
}
