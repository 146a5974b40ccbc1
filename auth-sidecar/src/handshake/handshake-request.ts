// Step 1, shape: the subrequest's header lines → one question. Values of credentials are carried, not read.
// Traefik removes `Connection` and `Upgrade` from a forward-auth request, so a handshake is known by its
// `Sec-WebSocket-Key` and `-Version`; the router has already matched the other two.

import { type Denial, refuse } from '@sallyport/contracts/denials'
import { ok, type Result } from '@sallyport/contracts/result'
import { type OfferedProtocols, parseOfferedProtocols } from '@sallyport/contracts/subprotocol'

/** Header lines as they came: name, value, name, value …, names in lower case (HTTP/2). */
export type HeaderLines = readonly string[]

/** A well-formed handshake. */
export type HandshakeRequest = {
  /** Traefik's remote address; the client cannot choose it. */
  readonly clientAddress: string
  readonly origin: string | undefined
  readonly webSocketKey: string
  readonly authorization: string | undefined
  readonly cookieHeader: string | undefined
  readonly offered: OfferedProtocols
}

// What the decision reads. But for Cookie, any of these standing twice would be read differently by different
// parsers: refused. Everything else a client sends is not even looked at.
const readHeaders = new Set([
  'authorization',
  'cookie',
  'origin',
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-protocol',
  'x-forwarded-for',
  'x-forwarded-method',
])

const malformed = (reason: string) => refuse('malformed-handshake', reason)

/** Parses the header lines of a subrequest (RFC 6455 4.2.1 as far as the sidecar sees it). */
export function parseHandshake(lines: HeaderLines): Result<HandshakeRequest, Denial> {
  const headers = collectHeaders(lines)
  if (!headers) return malformed('duplicate-header')
  if (headers.get('x-forwarded-method') !== 'GET') return malformed('not-a-get')
  if (headers.get('sec-websocket-version') !== '13') {
    return refuse('upgrade-required', 'websocket-version')
  }
  const webSocketKey = headers.get('sec-websocket-key')
  if (!webSocketKey || !/^[A-Za-z0-9+/]{21}[AQgw]==$/.test(webSocketKey)) {
    return malformed('websocket-key')
  }
  const offered = parseOfferedProtocols(headers.get('sec-websocket-protocol'))
  if (!offered) return malformed('websocket-protocol')
  if (offered.count > 0 && !offered.offersOurs) {
    return refuse('unknown-subprotocol', 'unknown-subprotocol')
  }
  const clientAddress = headers.get('x-forwarded-for')
  if (!clientAddress || clientAddress.includes(',')) return malformed('client-address')
  return ok({
    clientAddress,
    origin: headers.get('origin'),
    webSocketKey,
    authorization: headers.get('authorization'),
    cookieHeader: headers.get('cookie'),
    offered,
  })
}

/** One value a name. Go splits `Cookie` into several lines over HTTP/2 (RFC 9113 8.2.3): joined again. */
function collectHeaders(lines: HeaderLines): Map<string, string> | undefined {
  const headers = new Map<string, string>()
  for (let index = 0; index + 1 < lines.length; index += 2) {
    const name = lines[index] ?? ''
    if (!readHeaders.has(name)) continue
    const value = lines[index + 1] ?? ''
    const earlier = headers.get(name)
    if (earlier === undefined) headers.set(name, value)
    else if (name === 'cookie') headers.set(name, `${earlier}; ${value}`)
    else return undefined
  }
  return headers
}
