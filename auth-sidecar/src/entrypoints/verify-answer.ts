// How a decision is said to Traefik: 2xx lets the request go on with the headers named here, everything else goes to
// the client as it stands.

import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import type { Denial } from '@sallyport/contracts/denials'
import { identityHeader, requestIdHeader } from '@sallyport/contracts/identity-headers'
import { problemAnswer } from '@sallyport/contracts/problem-document'
import type { Grant } from '../handshake/decide-handshake.ts'

const identityName = identityHeader.toLowerCase()
const requestIdName = requestIdHeader.toLowerCase()

/** Lets a handshake through with its identity and the one protocol to select. */
export function allowHandshake(stream: ServerHttp2Stream, grant: Grant, requestId: string): void {
  const headers: OutgoingHttpHeaders = {
    ':status': 200,
    [identityName]: grant.assertion,
    [requestIdName]: requestId,
  }
  if (grant.protocol !== undefined) headers['sec-websocket-protocol'] = grant.protocol
  if (grant.headers !== undefined) Object.assign(headers, grant.headers)
  end(stream, headers)
}

/** Lets a probe through to the backend, which answers it: without an identity, for it opens nothing. */
export function allowProbe(stream: ServerHttp2Stream, requestId: string): void {
  end(stream, { ':status': 200, [requestIdName]: requestId })
}

/** Lets a request of an http route through with the headers its application expects. */
export function allowRequest(
  stream: ServerHttp2Stream,
  headers: Readonly<Record<string, string>>,
  requestId: string,
): void {
  end(stream, { ...headers, ':status': 200, [requestIdName]: requestId })
}

/** Sends a browser elsewhere; `location` was checked by whoever decided it. */
export function redirect(stream: ServerHttp2Stream, location: string, requestId: string): void {
  const headers = { location, 'cache-control': 'no-store', [requestIdName]: requestId }
  end(stream, { ':status': 302, ...headers })
}

/** Answers with a denial. */
export function respond(stream: ServerHttp2Stream, denial: Denial, requestId: string): void {
  if (stream.closed || stream.destroyed) return
  const { status, headers, body } = problemAnswer(denial, requestId)
  stream.respond({ ':status': status, ...headers })
  stream.end(body)
}

function end(stream: ServerHttp2Stream, headers: OutgoingHttpHeaders): void {
  if (stream.closed || stream.destroyed) return
  stream.respond(headers, { endStream: true })
}
