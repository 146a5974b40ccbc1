// Step 2, origin: exact comparison of the raw header, before any credential is read (RFC 6455 10.2).
// Parsing an origin as a URL accepts spellings that no browser sends for us, so nothing is parsed here.

import { type Denial, refuse } from '@sallyport/contracts/denials'
import type { Route } from '@sallyport/contracts/policy'
import { ok, type Result } from '@sallyport/contracts/result'

/** Which origins a route takes; see `Route`. */
export type OriginRules = Pick<Route, 'origins' | 'allowMissingOrigin'>

const allowed = ok(undefined)

/** Judges a request's Origin. `carriesCookie`: a credential that a browser attaches by itself may be present. */
export function checkOrigin(
  origin: string | undefined,
  carriesCookie: boolean,
  rules: OriginRules,
): Result<void, Denial> {
  if (origin !== undefined) {
    const isListed = rules.origins.includes(origin)
    return isListed ? allowed : refuse('origin-not-allowed', 'origin-not-listed')
  }
  if (carriesCookie) {
    const detail = 'A cookie is accepted only together with an Origin header'
    return refuse('origin-not-allowed', 'origin-missing-with-cookie', { detail })
  }
  if (rules.allowMissingOrigin) return allowed
  return refuse('origin-not-allowed', 'origin-missing', { detail: 'An Origin header is required' })
}
