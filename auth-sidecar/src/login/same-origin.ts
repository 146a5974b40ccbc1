// CSRF defence of the HTTP API: who may make a browser send its cookies here. Knows headers, not handlers.

import { type Denial, refuse } from '@sallyport/contracts/denials'
import { ok, type Result } from '@sallyport/contracts/result'

/** The headers a browser sets and a page cannot. */
export type FetchHeaders = {
  readonly origin: string | undefined
  readonly secFetchSite: string | undefined
  readonly carriesCookie: boolean
}

const refused = (reason: string) => refuse('origin-not-allowed', reason)

/**
 * Judges a request to the HTTP API. Browsers send `Origin` with every POST and `Sec-Fetch-Site` with everything
 * they fetch from a trustworthy place; who sends neither is no browser and may not bring a cookie to change state.
 */
export function checkSameOrigin(
  headers: FetchHeaders,
  changesState: boolean,
  allowedOrigins: ReadonlySet<string>,
): Result<void, Denial> {
  const { origin, secFetchSite, carriesCookie } = headers
  if (origin !== undefined && !allowedOrigins.has(origin)) return refused('origin-not-listed')
  if (secFetchSite !== undefined && secFetchSite !== 'same-origin' && secFetchSite !== 'none') {
    return refused('not-same-origin')
  }
  const saysNothing = origin === undefined && secFetchSite === undefined
  if (changesState && carriesCookie && saysNothing) return refused('cookie-without-origin')
  return ok(undefined)
}
