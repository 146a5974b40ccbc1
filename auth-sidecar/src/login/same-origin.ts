// CSRF defence of the HTTP API: who may make a browser send its cookies here. Knows headers, not handlers.
//
// The rule: a listed Origin is let in, an unlisted one is not. Origins are listed on purpose, so a page at
// https://www.example.com may sign in at https://ws.example.com once it is listed, whatever Sec-Fetch-Site says
// (SameSite=Lax keeps cookies off other sites' requests anyway). Without an Origin, Sec-Fetch-Site decides.
// Reading a session (GET) is narrower: never from another site, listed or not.

import { type Denial, refuse } from '@sallyport/contracts/denials'
import { ok, type Result } from '@sallyport/contracts/result'

/** The headers a browser sets and a page cannot. */
export type FetchHeaders = {
  readonly origin: string | undefined
  readonly secFetchSite: string | undefined
  readonly carriesCookie: boolean
}

/** What a browser says of requests by the gate's own pages, and of those its user made without any page. */
const ownSites: ReadonlySet<string> = new Set(['same-origin', 'none'])

const refused = (reason: string) => refuse('origin-not-allowed', reason)

/**
 * Judges a request to the HTTP API. Browsers send `Origin` with every POST, and `Sec-Fetch-Site` with everything
 * they fetch from a trustworthy place; who sends neither is no browser and may not bring a cookie to change state.
 */
export function checkSameOrigin(
  headers: FetchHeaders,
  changesState: boolean,
  allowedOrigins: ReadonlySet<string>,
): Result<void, Denial> {
  const { origin, secFetchSite, carriesCookie } = headers
  if (origin !== undefined) {
    if (!allowedOrigins.has(origin)) return refused('origin-not-listed')
    return !changesState && secFetchSite === 'cross-site' ? refused('cross-site') : ok(undefined)
  }
  if (secFetchSite !== undefined) {
    return ownSites.has(secFetchSite) ? ok(undefined) : refused('not-same-origin')
  }
  if (changesState && carriesCookie) return refused('cookie-without-origin')
  return ok(undefined)
}
