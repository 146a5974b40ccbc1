// CSRF defence of http routes: could another site's page have made a browser send this? Knows headers and the route's
// origins, no credential.
//
// The rule. An Origin must be listed. Without one, `Sec-Fetch-Site` decides: same-origin passes; a safe request also
// when somebody followed a link or typed the address; nothing else does. Without either, no modern browser on a
// trustworthy address sent it: a safe request passes (SameSite=Lax keeps cookies off other sites' images and frames),
// one that may change something only without a cookie, and only where the route takes clients without an Origin.

import { type Denial, refuse } from '@sallyport/contracts/denials'
import type { Route } from '@sallyport/contracts/policy'
import { ok, type Result } from '@sallyport/contracts/result'
import type { HttpRequest } from './http-request.ts'

type Evidence = Pick<
  HttpRequest,
  'method' | 'origin' | 'cookieHeader' | 'fetchSite' | 'fetchMode' | 'fetchDest'
>

const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

const allowed = ok(undefined)
const refused = (reason: string) => refuse('origin-not-allowed', reason)

/** Judges where a request comes from. */
export function checkRequestOrigin(
  request: Evidence,
  route: Pick<Route, 'origins' | 'allowMissingOrigin'>,
): Result<void, Denial> {
  const { method, origin, fetchSite } = request
  const isSafe = safeMethods.has(method)
  if (origin !== undefined) {
    return route.origins.includes(origin) ? allowed : refused('origin-not-listed')
  }
  if (fetchSite === 'same-origin') return allowed
  if (fetchSite !== undefined) {
    return isSafe && isFollowedLink(request) ? allowed : refused('not-same-origin')
  }
  if (isSafe) return allowed
  if (request.cookieHeader !== undefined) return refused('origin-missing-with-cookie')
  return route.allowMissingOrigin ? allowed : refused('origin-missing')
}

/** A whole page asked for by its user: not a frame in another site's page, not a script's fetch, not an image. */
function isFollowedLink({ fetchSite, fetchMode, fetchDest }: Evidence): boolean {
  const isOwn = fetchSite === 'none'
  return isOwn || (fetchMode === 'navigate' && fetchDest === 'document')
}
