// The form of an upgrade, guard by guard, before anything in it is believed. Pure.
// `ws` would let through what RFC 6455 4.2.1 forbids (other versions, bodies, repeated headers): refused here.

import type { IncomingMessage } from 'node:http'
import type { Denial } from '@sallyport/contracts/denials'
import { identityHeader } from '@sallyport/contracts/identity-headers'
import { err, ok, type Result } from '@sallyport/contracts/result'
import { type OfferedProtocols, parseOfferedProtocols } from '@sallyport/contracts/subprotocol'
import { isWebSocketKey } from '@sallyport/contracts/websocket-key'

type UpgradeRequest = Pick<
  IncomingMessage,
  'method' | 'url' | 'httpVersion' | 'headers' | 'headersDistinct'
>

/** What is needed of a well-formed upgrade. */
type ParsedUpgrade = {
  readonly assertion: string
  readonly webSocketKey: string
  readonly offered: OfferedProtocols
}

const identityHeaderName = identityHeader.toLowerCase()

/** Checks an upgrade's form. The request's target is compared as text and never interpreted. */
export function parseUpgrade(
  request: UpgradeRequest,
  isSocketPath: (path: string) => boolean,
): Result<ParsedUpgrade, Denial> {
  const { headers, headersDistinct } = request
  if (!isSocketPath(pathOf(request.url))) return err({ code: 'not-found', reason: 'unknown-path' })
  if (request.method !== 'GET') return err({ code: 'method-not-allowed', reason: 'not-get' })
  if (headers.upgrade?.toLowerCase() !== 'websocket') {
    return err({ code: 'upgrade-required', reason: 'not-websocket' })
  }
  if (only(headersDistinct['sec-websocket-version']) !== '13') {
    return err({ code: 'upgrade-required', reason: 'wrong-version' })
  }
  if (request.httpVersion !== '1.1' || only(headersDistinct['host']) === undefined) {
    return malformed('http-form')
  }
  if ('content-length' in headers || 'transfer-encoding' in headers) return malformed('has-body')
  const webSocketKey = only(headersDistinct['sec-websocket-key'])
  if (webSocketKey === undefined || !isWebSocketKey(webSocketKey)) return malformed('bad-key')
  const offered = parseOfferedProtocols(headers['sec-websocket-protocol'])
  if (!offered) return malformed('bad-protocol-list')
  if (offered.count > 0 && !offered.offersOurs && !offered.offersFirstMessage) {
    return err({ code: 'unknown-subprotocol', reason: 'unknown-subprotocol' })
  }
  const assertions = headersDistinct[identityHeaderName]
  if (!assertions) return err({ code: 'authentication-required', reason: 'identity-missing' })
  const assertion = only(assertions)
  if (assertion === undefined) return malformed('identity-repeated')
  return ok({ assertion, webSocketKey, offered })
}

/** The path of a request target: everything before the query. */
export function pathOf(target = ''): string {
  return target.split('?', 1)[0] ?? ''
}

function only(values: readonly string[] | undefined): string | undefined {
  return values?.length === 1 ? values[0] : undefined
}

function malformed(reason: string) {
  return err<Denial>({ code: 'malformed-handshake', reason })
}
