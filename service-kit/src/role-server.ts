// Listeners of internal hops. There is no way to make one here that does not pin its peer's role.

import type { RequestListener } from 'node:http'
import { createSecureServer, type Http2SecureServer } from 'node:http2'
import { createServer, type Server } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { digestOfFingerprint } from '@sallyport/contracts/key-rings'
import type { ServiceRole } from '@sallyport/contracts/service-role'
import type { TlsIdentity } from './mutual-tls.ts'

export type RoleServerOptions = {
  /** When it changes, new connections get the new one; live ones go on. */
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
  return pinPeerRole(followIdentity(server, options.identity), options)
}

/** An HTTP/2 listener over mutual TLS for one peer role; extended CONNECT (RFC 8441) is not offered. */
export function createRoleHttp2Server(options: RoleServerOptions): Http2SecureServer {
  const server = createSecureServer({
    ...tlsOptions(options.identity),
    settings: { enableConnectProtocol: false },
    maxHeaderListPairs,
  })
  return pinPeerRole(followIdentity(server, options.identity), options)
}

function tlsOptions({ ca, cert, key }: TlsIdentity) {
  return {
    ca,
    cert,
    key,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3',
  } as const
}

/** Cuts every connection whose peer is of another role, before any request on it is read. */
function pinPeerRole<S extends Server | Http2SecureServer>(
  server: S,
  { identity, peerRole, onRefused }: RoleServerOptions,
): S {
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    const { subject, fingerprint256 } = socket.getPeerCertificate()
    if (socket.authorized && subject?.CN === peerRole) {
      const { localPort = 0 } = socket
      identity.sawPeer?.(peerRole, localPort, digestOfFingerprint(fingerprint256))
      return
    }
    onRefused()
    socket.destroy()
  })
  return server
}

/** Gives new connections the identity in force; what is open keeps the one that it began with. */
function followIdentity<S extends Server | Http2SecureServer>(server: S, identity: TlsIdentity): S {
  const stop = identity.onChange?.(() => server.setSecureContext(tlsOptions(identity)))
  if (stop) server.once('close', stop)
  return server
}
