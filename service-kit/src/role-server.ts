// Listeners of internal hops. There is no way to make one here that does not pin its peer's role.

import type { RequestListener } from 'node:http'
import { createSecureServer, type Http2SecureServer } from 'node:http2'
import { createServer, type Server } from 'node:https'
import type { TLSSocket } from 'node:tls'
import type { ServiceRole } from '@sallyport/contracts/service-role'
import type { TlsIdentity } from './mutual-tls.ts'

export type RoleServerOptions = {
  readonly identity: TlsIdentity
  /** The one role that may connect. */
  readonly peerRole: ServiceRole
  /** Told of each connection that was cut; for a metric. */
  readonly onRefused: () => void
}

/** Traefik keeps idle connections for 90 s: closing earlier than it does would race with its next request. */
const keepAliveTimeout = 95_000
const headersTimeout = 10_000
const maxHeaderSize = 16_384

/** More header lines than fit into what Traefik lets in: it bounds the bytes, and we answer instead of resetting. */
const maxHeaderListPairs = 4096

/** An HTTP/1.1 listener over mutual TLS for one peer role; upgrades are the caller's to handle. */
export function createRoleServer(options: RoleServerOptions, onRequest: RequestListener): Server {
  const server = createServer(
    { ...tlsOptions(options.identity), keepAliveTimeout, headersTimeout, maxHeaderSize },
    (request, response) => {
      // Node swallows a parse error of whatever follows an upgrade that was refused on the same connection, and its
      // peer would wait for an answer: such a connection carries nothing further.
      if (request.headers.upgrade !== undefined) response.shouldKeepAlive = false
      onRequest(request, response)
    },
  )
  return pinPeerRole(server, options)
}

/** An HTTP/2 listener over mutual TLS for one peer role; extended CONNECT (RFC 8441) is not offered. */
export function createRoleHttp2Server(options: RoleServerOptions): Http2SecureServer {
  const server = createSecureServer({
    ...tlsOptions(options.identity),
    settings: { enableConnectProtocol: false },
    maxHeaderListPairs,
  })
  return pinPeerRole(server, options)
}

function tlsOptions(identity: TlsIdentity) {
  return {
    ...identity,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3',
  } as const
}

/** Cuts every connection whose peer is of another role, before any request on it is read. */
function pinPeerRole<S extends Server | Http2SecureServer>(
  server: S,
  { peerRole, onRefused }: RoleServerOptions,
): S {
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    if (socket.authorized && socket.getPeerCertificate().subject?.CN === peerRole) return
    onRefused()
    socket.destroy()
  })
  return server
}
