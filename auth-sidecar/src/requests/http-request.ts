// The shape of a plain request to an http route, by its subrequest's header lines. Values of credentials are carried,
// not read. The path is compared as text; one that a backend could read as another is refused.

import { type Denial, refuse } from '@sallyport/contracts/denials'
import type { Route } from '@sallyport/contracts/policy'
import { ok, type Result } from '@sallyport/contracts/result'
import { readHost } from '../handshake/forwarded-target.ts'
import { createHeaderReader, type HeaderLines } from '../handshake/header-lines.ts'
import { isAtOrBelow, isReadAsDeeper, plainSegment } from './deeper-route.ts'

/** A well-formed request. */
export type HttpRequest = {
  readonly clientAddress: string
  readonly method: string
  /** Path and query. */
  readonly uri: string
  readonly origin: string | undefined
  readonly authorization: string | undefined
  readonly cookieHeader: string | undefined
  /** What a browser says of its request and a page cannot: `Sec-Fetch-Site`, `-Mode`, `-Dest`. */
  readonly fetchSite: string | undefined
  readonly fetchMode: string | undefined
  readonly fetchDest: string | undefined
  readonly accept: string | undefined
}

const readHeaders = createHeaderReader({
  method: 'x-forwarded-method',
  uri: 'x-forwarded-uri',
  host: 'x-forwarded-host',
  forwardedFor: 'x-forwarded-for',
  origin: 'origin',
  authorization: 'authorization',
  cookieHeader: 'cookie',
  fetchSite: 'sec-fetch-site',
  fetchMode: 'sec-fetch-mode',
  fetchDest: 'sec-fetch-dest',
  accept: 'accept',
})

/** What an application may be asked with; TRACE would send credentials back, CONNECT is no request. */
const methods: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
])

const malformed = (reason: string) => refuse('malformed-request', reason)

type ParseDeps = {
  /** Every route of the policy in force. */
  readonly routes: readonly Route[]
  readonly clientAddressOf: (xForwardedFor: string) => string | undefined
}

/** Parses the header lines of a request's subrequest. */
export function parseHttpRequest(
  lines: HeaderLines,
  route: Route,
  { routes, clientAddressOf }: ParseDeps,
): Result<HttpRequest, Denial> {
  const headers = readHeaders(lines)
  if (!headers) return malformed('duplicate-header')
  const { method, uri, host, forwardedFor, ...presented } = headers
  if (method === undefined || !methods.has(method)) return refuse('method-not-allowed', 'method')
  const known = readHost(host, route.hosts)
  if (!known.ok) return malformed(known.error)
  const path = uri?.split('?', 1)[0]
  if (uri === undefined || path === undefined || !isBelow(path, route.path)) {
    return malformed('path')
  }
  if (isReadAsDeeper({ path, host: host ?? '' }, route, routes)) {
    return refuse('not-found', 'path-of-another-route')
  }
  const clientAddress = forwardedFor === undefined ? undefined : clientAddressOf(forwardedFor)
  if (clientAddress === undefined) return malformed('client-address')
  return ok({ ...presented, clientAddress, method, uri })
}

/** True at the route's path and below, when no reading of the path leads out of it. */
function isBelow(path: string, routePath: string): boolean {
  if (!isAtOrBelow(path, routePath)) return false
  if (!/^[\x21-\x7e]+$/.test(path) || /[\\#]|%(?:2f|5c|00)/i.test(path)) return false
  return !path.split('/').some(climbs)
}

/** `.` and `..`, encoded or not, and with what lax servers cut off: all after a semicolon, blanks. */
function climbs(segment: string): boolean {
  const plain = plainSegment(segment)
  return plain === '.' || plain === '..'
}
