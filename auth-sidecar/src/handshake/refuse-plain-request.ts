// `/ws` without a proper upgrade, `/ws/probe` without its header: says what is missing. Never reaches the backend.

import type { Denial } from '@sallyport/contracts/denials'

/** The denial for a request to `/ws` that the WebSocket router did not match. */
export function refusePlainRequest(request: {
  readonly method: string
  readonly upgrade: string | undefined
  readonly version: string | undefined
}): Denial {
  if (request.method !== 'GET') {
    return { code: 'method-not-allowed', reason: 'method', detail: 'Use GET with an upgrade' }
  }
  const asksForWebSocket = request.upgrade?.toLowerCase() === 'websocket'
  if (!asksForWebSocket || request.version !== '13') {
    return {
      code: 'upgrade-required',
      reason: 'no-websocket-upgrade',
      detail: 'This address speaks WebSocket, version 13, and nothing else',
    }
  }
  return { code: 'malformed-handshake', reason: 'upgrade-headers' }
}

/** The denial for a request to a route's probe that the probe's router did not match. */
export function refuseNoProbe(method: string): Denial {
  if (method !== 'POST') {
    return { code: 'method-not-allowed', reason: 'probe-method', detail: 'Use POST' }
  }
  const detail = 'Send the header X-Sallyport-Probe: 1'
  return { code: 'malformed-request', reason: 'probe-header', detail }
}
