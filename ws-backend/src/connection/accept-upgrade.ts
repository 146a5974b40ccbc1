// The inner door: an upgrade becomes a socket only with an assertion signed for exactly this handshake.
// The only file that knows the `ws` library; what it hands on is a transport-neutral socket.

import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { CloseName } from '@sallyport/contracts/close-codes'
import type { Denial } from '@sallyport/contracts/denials'
import type { Identity, PendingIdentity } from '@sallyport/contracts/identity'
import { err, type Result } from '@sallyport/contracts/result'
import { firstMessageProtocolName, protocolName } from '@sallyport/contracts/subprotocol'
import type { Log } from '@sallyport/service-kit/log'
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws'
import { requestIdOf } from '../request-id.ts'
import type { ConnectionSocket, PendingSocket } from './connection-socket.ts'
import type { ConnectionInput } from './connection-types.ts'
import { type DecideUpgradeDeps, decideUpgrade, type UpgradeGrant } from './decide-upgrade.ts'
import { refuseUpgrade } from './refuse-upgrade.ts'

type Handshake = {
  readonly requestId: string
  readonly arrivedAtMs: number
}

/** A handshake that was believed and answered with 101. */
export type AcceptedUpgrade = Handshake & {
  readonly identity: Identity
  readonly socket: ConnectionSocket
}

/** The same with nobody behind it yet. */
export type AcceptedPending = Handshake & {
  readonly pending: PendingIdentity
  readonly socket: PendingSocket
  /** Gives the place of a pending socket back; happens by itself when the transport is gone. */
  readonly givePlaceBack: () => void
}

type AcceptUpgradeDeps = DecideUpgradeDeps & {
  readonly limits: { readonly maxMessageBytes: number; readonly endGraceMs: number }
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number
  readonly takePendingPlace: (clientAddress: string) => Result<() => void, Denial>
  /** Take the socket over; what they return is told what the peer sends. */
  readonly onAccepted: (accepted: AcceptedUpgrade) => ConnectionInput
  readonly onPending: (accepted: AcceptedPending) => ConnectionInput
  readonly onRefused: (reason: string) => void
  readonly log: Log
}

type Upgrade = {
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
  readonly requestId: string
}

const failed: Denial = { code: 'unavailable', reason: 'internal-failure', retryAfterSeconds: 5 }

/** Answers every upgrade on `server`, with 101 or with one refusal; never throws into it. */
export function acceptUpgrades(server: Server, deps: AcceptUpgradeDeps): void {
  const accept = createAcceptor(deps)

  async function answer(upgrade: Upgrade): Promise<void> {
    const { request, socket, requestId } = upgrade
    const arrivedAtMs = deps.now()
    const decision = await decideUpgrade(request, deps).catch((error: unknown) => {
      deps.log.error({ err: error, requestId }, 'an upgrade could not be decided')
      return err(failed)
    })
    const denial = decision.ok ? accept(upgrade, decision.value, arrivedAtMs) : decision.error
    if (!denial) return
    const { reason } = denial
    deps.onRefused(reason)
    deps.log.warn({ granted: false, reason, requestId }, 'upgrade refused')
    refuseUpgrade(socket, denial, requestId)
  }

  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    const requestId = requestIdOf(request)
    answer({ request, socket, head, requestId }).catch((error: unknown) => {
      // Something is on the wire perhaps, 101 or a refusal: one more answer would be garbage.
      socket.destroy()
      deps.log.error({ err: error, requestId }, 'an upgrade could not be answered')
    })
  })
}

/** Builds what answers 101 and hands the socket on, or says why there is no room for it. */
function createAcceptor(deps: AcceptUpgradeDeps) {
  const ours = new WebSocketServer(socketBounds(deps.limits, protocolName))
  const firstMessage = new WebSocketServer(socketBounds(deps.limits, firstMessageProtocolName))

  return function accept(
    { request, socket, head, requestId }: Upgrade,
    grant: UpgradeGrant,
    arrivedAtMs: number,
  ): Denial | undefined {
    const handshake = { requestId, arrivedAtMs }
    if (grant.kind === 'identity') {
      ours.handleUpgrade(request, socket, head, (webSocket) => {
        const { identity } = grant
        attach(webSocket, deps.onAccepted({ ...handshake, identity, socket: neutral(webSocket) }))
      })
      return undefined
    }
    // A peer that is gone takes no place: nothing would give it back.
    if (socket.destroyed) return undefined
    const place = deps.takePendingPlace(grant.pending.clientAddress)
    if (!place.ok) return place.error
    const givePlaceBack = place.value
    socket.once('close', givePlaceBack)
    firstMessage.handleUpgrade(request, socket, head, (webSocket) => {
      const { pending } = grant
      const pendingSocket = { ...neutral(webSocket), watchBytes: watcherOf(socket) }
      attach(
        webSocket,
        deps.onPending({ ...handshake, pending, socket: pendingSocket, givePlaceBack }),
      )
    })
    return undefined
  }
}

function neutral(webSocket: WebSocket): ConnectionSocket {
  return {
    send: (text) => webSocket.send(text),
    close: (code, reason) => webSocket.close(code, reason),
    terminate: () => webSocket.terminate(),
    pause: () => webSocket.pause(),
    resume: () => webSocket.resume(),
    ping: (payload) => webSocket.ping(payload),
    bufferedBytes: () => webSocket.bufferedAmount,
  }
}

/** `ws` was there first, so it has read what this tells of. Its own limits are per server and cannot be raised later. */
function watcherOf(socket: Duplex): PendingSocket['watchBytes'] {
  return (listener) => {
    const onData = (chunk: Buffer) => listener(chunk.length)
    socket.on('data', onData)
    return () => socket.off('data', onData)
  }
}

function attach(webSocket: WebSocket, input: ConnectionInput): void {
  webSocket.on('message', (data, isBinary) => {
    if (isBinary) input.receiveBinary()
    else input.receiveText((data as Buffer).toString()) // a Buffer by `ws`'s default binaryType
  })
  webSocket.on('pong', (payload) => input.receivePong(payload.toString('latin1')))
  webSocket.on('error', (error) => input.transportFailed(closeNameOf(error)))
  webSocket.on('close', (code) => input.socketClosed(code))
}

/** `ws` has closed by itself when it reports these; the name is for our books, and for the second wall. */
function closeNameOf(error: Error & { code?: string }): CloseName {
  const { code = '' } = error
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') return 'messageTooBig'
  if (code === 'WS_ERR_TOO_MANY_BUFFERED_PARTS') return 'policy'
  if (code === 'WS_ERR_INVALID_UTF8') return 'invalidText'
  return code.startsWith('WS_ERR_') ? 'protocolError' : 'lost'
}

/** `closeTimeout` and `maxPendingAutoPongs` exist in ws but not yet in its types. */
function socketBounds(limits: AcceptUpgradeDeps['limits'], protocol: string) {
  const bounds: ServerOptions & { closeTimeout: number; maxPendingAutoPongs: number } = {
    noServer: true,
    clientTracking: false, // the registry does it
    perMessageDeflate: false,
    maxPayload: limits.maxMessageBytes,
    maxFragments: 64,
    maxBufferedChunks: 1024,
    maxPendingAutoPongs: 16,
    autoPong: true,
    closeTimeout: limits.endGraceMs,
    handleProtocols: (offered) => (offered.has(protocol) ? protocol : false),
  }
  return bounds
}
