// The shape of a plain request to an http route, by its subrequest's header lines. Values of credentials are carried,
// not read. The path is compared as text; one that a backend could read as another is refused.

import { type Denial, refuse } from '@sallyport/contracts/denials'
import type { Route } from '@sallyport/contracts/policy'
import { ok, type Result } from '@sallyport/contracts/result'
import { createHeaderReader, type HeaderLines } from '../handshake/header-lines.ts'

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

const readHeaders = createHeaderReader([
  'x-forwarded-method',
  'x-forwarded-uri',
  'x-forwarded-host',
  'x-forwarded-for',
  'origin',
  'authorization',
  'cookie',
  'sec-fetch-site',
  'sec-fetch-mode',
  'sec-fetch-dest',
  'accept',
])

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

// No trailing dot: a router takes it for the same host, a policy might not.
const hostForm = /^([A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/

const malformed = (reason: string) => refuse('malformed-request', reason)

/** Parses the header lines of a request's subrequest. */
export function parseHttpRequest(
  lines: HeaderLines,
  route: Pick<Route, 'path' | 'hosts'>,
  clientAddressOf: (xForwardedFor: string) => string | undefined,
): Result<HttpRequest, Denial> {
  const headers = readHeaders(lines)
  if (!headers) return malformed('duplicate-header')
  const [method, uri, host, forwardedFor, origin, authorization, cookieHeader] = headers
  const [, , , , , , , fetchSite, fetchMode, fetchDest, accept] = headers
  if (method === undefined || !methods.has(method)) return refuse('method-not-allowed', 'method')
  const name = host === undefined ? undefined : hostForm.exec(host)?.[1]
  if (name === undefined) return malformed('host')
  if (route.hosts.length > 0 && !route.hosts.includes(name.toLowerCase())) {
    return malformed('host-of-another-route')
  }
  if (uri === undefined || !isBelow(uri, route.path)) return malformed('path')
  const clientAddress = forwardedFor === undefined ? undefined : clientAddressOf(forwardedFor)
  if (clientAddress === undefined) return malformed('client-address')
  return ok({
    clientAddress,
    method,
    uri,
    origin,
    authorization,
    cookieHeader,
    fetchSite,
    fetchMode,
    fetchDest,
    accept,
  })
}

/** True at the route's path and below, when no reading of the path leads out of it. */
function isBelow(uri: string, routePath: string): boolean {
  const question = uri.indexOf('?')
  const path = question < 0 ? uri : uri.slice(0, question)
  const parent = routePath === '/' ? '' : routePath
  if (path !== routePath && !path.startsWith(`${parent}/`)) return false
  if (!/^[\x21-\x7e]+$/.test(path) || /[\\#]|%(?:2f|5c|00)/i.test(path)) return false
  return !path.split('/').some(climbs)
}

/** `.` and `..`, encoded or not, and with what Java servers cut off after a semicolon. */
function climbs(segment: string): boolean {
  const plain = segment.replace(/%2e/gi, '.').replace(/;.*$/, '')
  return plain === '.' || plain === '..'
}
