// A page that somebody opened without being signed in: to the login page, and back afterwards. The way back is only
// ever a path on the same host, so that the gate can send nobody elsewhere.

import type { Denial } from '@sallyport/contracts/denials'
import type { Route } from '@sallyport/contracts/policy'
import { isReturnPath } from '@sallyport/contracts/return-path'
import type { HttpRequest } from './http-request.ts'
import type { LoginRedirect } from './request-decision.ts'

type Asked = Pick<HttpRequest, 'method' | 'uri' | 'fetchMode' | 'fetchDest' | 'accept'>

/** Where the browser is sent instead of being refused; undefined when the refusal stands. */
export function loginRedirect(
  denial: Denial,
  request: Asked,
  route: Pick<Route, 'redirectToLogin'>,
): LoginRedirect | undefined {
  const isUnknown =
    denial.code === 'authentication-required' || denial.code === 'invalid-credential'
  if (!route.redirectToLogin || !isUnknown || !isPage(request)) return undefined
  if (!isReturnPath(request.uri)) return undefined
  return { redirectTo: `/?return=${encodeURIComponent(request.uri)}` }
}

function isPage({ method, fetchMode, fetchDest, accept }: Asked): boolean {
  if (method !== 'GET') return false
  if (fetchMode === undefined) return accept?.includes('text/html') ?? false
  return fetchMode === 'navigate' && (fetchDest === undefined || fetchDest === 'document')
}
