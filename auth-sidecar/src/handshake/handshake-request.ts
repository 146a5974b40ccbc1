// Step 1, shape: the subrequest's header lines → one question. Values of credentials are carried, not read.
// Traefik removes `Connection` and `Upgrade` from a forward-auth request, so a handshake is known by its
// `Sec-WebSocket-Key` and `-Version`; the router has already matched the other two. The client's HTTP version is told
// by nothing that arrives here.

import { type Denial, refuse } from '@sallyport/contracts/denials'
import type { Route } from '@sallyport/contracts/policy'
import { ok, type Result } from '@sallyport/contracts/result'
import {
  maxOfferLength,
  type OfferedProtocols,
  parseOfferedProtocols,
  protocolName,
} from '@sallyport/contracts/subprotocol'
import { isWebSocketKey } from '@sallyport/contracts/websocket-key'
import { readTarget } from './forwarded-target.ts'
import { createHeaderReader, type HeaderLines } from './header-lines.ts'

export type { HeaderLines } from './header-lines.ts'

/** What is needed to read the shape. */
export type ShapeDeps = {
  /** The client by `X-Forwarded-For`; undefined when that does not say. */
  readonly clientAddressOf: (xForwardedFor: string) => string | undefined
  readonly ticketInQuery: boolean
}

/** The part of a request that any decision about a route reads. */
export type ForwardedRequest = {
  /** Traefik's remote address, or what proxies it trusts say; the client cannot choose it. */
  readonly clientAddress: string
  readonly origin: string | undefined
  readonly authorization: string | undefined
  readonly cookieHeader: string | undefined
  readonly offered: Pick<OfferedProtocols, 'bearerTokens'>
  /** Every ticket presented, however. */
  readonly tickets: readonly string[]
}

/** A well-formed handshake. */
export type HandshakeRequest = ForwardedRequest & {
  readonly webSocketKey: string
  readonly offered: OfferedProtocols
}

const readHeaders = createHeaderReader({
  method: 'x-forwarded-method',
  uri: 'x-forwarded-uri',
  host: 'x-forwarded-host',
  forwardedFor: 'x-forwarded-for',
  // Not used: asked for so that a second one is refused.
  proto: 'x-forwarded-proto',
  version: 'sec-websocket-version',
  webSocketKey: 'sec-websocket-key',
  protocols: 'sec-websocket-protocol',
  origin: 'origin',
  authorization: 'authorization',
  cookieHeader: 'cookie',
  length: 'content-length',
  encoding: 'transfer-encoding',
})

/** What is wrong, for whoever wrote the client; the shape of a request is no secret. */
const details: Readonly<Record<string, string>> = {
  'duplicate-header': 'A header that may stand once stands several times',
  'not-a-get': 'Use GET with an upgrade',
  body: 'A handshake has no body',
  'websocket-key': 'Sec-WebSocket-Key must be 16 bytes in base64',
  'websocket-protocol': 'Sec-WebSocket-Protocol must be a list of different tokens, 16 at most',
}

function malformed(reason: string) {
  const detail = details[reason]
  return refuse('malformed-handshake', reason, detail === undefined ? {} : { detail })
}

/** Parses the header lines of a subrequest (RFC 6455 4.2.1 as far as the sidecar sees it). */
export function parseHandshake(
  lines: HeaderLines,
  route: Route,
  deps: ShapeDeps,
): Result<HandshakeRequest, Denial> {
  const headers = readHeaders(lines)
  if (!headers) return malformed('duplicate-header')
  const { method, uri, host, forwardedFor, version, webSocketKey, protocols } = headers
  const { origin, authorization, cookieHeader, length, encoding } = headers
  if (method !== 'GET') return malformed('not-a-get')
  if ((length !== undefined && length !== '0') || encoding !== undefined) return malformed('body')
  const { path, hosts } = route
  const inQuery = readTarget(uri, host, { path, hosts, ticketInQuery: deps.ticketInQuery })
  if (!inQuery.ok) return inQuery
  if (version !== '13') {
    const detail = 'This address speaks WebSocket, version 13, and nothing else'
    return refuse('upgrade-required', 'websocket-version', { detail })
  }
  if (!webSocketKey || !isWebSocketKey(webSocketKey)) return malformed('websocket-key')
  const offered = readOffer(protocols, authorization !== undefined || inQuery.value.length > 0)
  if (!offered.ok) return offered
  const clientAddress = forwardedFor === undefined ? undefined : deps.clientAddressOf(forwardedFor)
  if (clientAddress === undefined) return malformed('client-address')
  const tickets = joined(offered.value.tickets, inQuery.value)
  return ok({
    clientAddress,
    origin,
    webSocketKey,
    authorization,
    cookieHeader,
    offered: offered.value,
    tickets,
  })
}

/** A credential's entry needs a real protocol beside it; one that may be selected, or the socket could not open. */
function readOffer(
  header: string | undefined,
  carriesElsewhere: boolean,
): Result<OfferedProtocols, Denial> {
  if (header !== undefined && header.length > maxOfferLength) {
    return refuse('headers-too-large', 'websocket-protocol-length')
  }
  const offered = parseOfferedProtocols(header)
  if (!offered) return malformed('websocket-protocol')
  if (offered.count === 0 || offered.offersOurs) return ok(offered)
  const isExplicit =
    carriesElsewhere || offered.bearerTokens.length > 0 || offered.tickets.length > 0
  if (offered.offersFirstMessage && !isExplicit) return ok(offered)
  const detail = `Offer ${protocolName}; an entry that carries a credential needs it beside it`
  return refuse('unknown-subprotocol', 'unknown-subprotocol', { detail })
}

function joined(some: readonly string[], others: readonly string[]): readonly string[] {
  if (others.length === 0) return some
  return some.length === 0 ? others : [...some, ...others]
}
