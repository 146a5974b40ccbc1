// The shape of a probe: a plain POST that asks what an upgrade would be told now, since a browser's script never
// learns why its socket did not open. No WebSocket headers; a ticket would be used up by asking, so none may come.

import { type Denial, refuse } from '@sallyport/contracts/denials'
import type { Route } from '@sallyport/contracts/policy'
import { ok, type Result } from '@sallyport/contracts/result'
import { readTarget } from './forwarded-target.ts'
import type { ForwardedRequest, ShapeDeps } from './handshake-request.ts'
import { createHeaderReader, type HeaderLines } from './header-lines.ts'

/** A header no form and no simple request can carry: another site's page needs leave to send it. */
export const probeHeader = 'x-sallyport-probe'

const readHeaders = createHeaderReader({
  method: 'x-forwarded-method',
  uri: 'x-forwarded-uri',
  host: 'x-forwarded-host',
  forwardedFor: 'x-forwarded-for',
  probe: probeHeader,
  protocols: 'sec-websocket-protocol',
  origin: 'origin',
  authorization: 'authorization',
  cookieHeader: 'cookie',
})

const nothingOffered = { bearerTokens: [] }
const malformed = (reason: string) => refuse('malformed-handshake', reason)

/** Parses the header lines of a probe's subrequest. */
export function parseProbe(
  lines: HeaderLines,
  route: Pick<Route, 'path' | 'hosts'>,
  deps: Pick<ShapeDeps, 'clientAddressOf'>,
): Result<ForwardedRequest, Denial> {
  const headers = readHeaders(lines)
  if (!headers) return malformed('duplicate-header')
  const { method, uri, host, forwardedFor, probe, protocols } = headers
  const { origin, authorization, cookieHeader } = headers
  if (method !== 'POST') return refuse('method-not-allowed', 'method', { detail: 'Use POST' })
  const path = `${route.path}/probe`
  const target = readTarget(uri, host, { path, hosts: route.hosts, ticketInQuery: false })
  if (!target.ok) return target
  if (probe !== '1') return malformed('probe-header')
  if (protocols !== undefined) return malformed('protocols-on-a-probe')
  const clientAddress = forwardedFor === undefined ? undefined : deps.clientAddressOf(forwardedFor)
  if (clientAddress === undefined) return malformed('client-address')
  const offered = nothingOffered
  return ok({ clientAddress, origin, authorization, cookieHeader, offered, tickets: [] })
}
