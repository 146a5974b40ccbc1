// The inner door: an upgrade becomes a connection only with a signed identity made for exactly this handshake.
// The only file that knows the `ws` library; what it hands on is a transport-neutral socket.

import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { CloseName } from '@sallyport/contracts/close-codes'
import type { Denial } from '@sallyport/contracts/denials'
import type { Identity } from '@sallyport/contracts/identity'
import {
  type AssertionKey,
  backendAudience,
  verifyAssertion,
} from '@sallyport/contracts/identity-assertion'
import { err, ok, type Result } from '@sallyport/contracts/result'
import { protocolName } from '@sallyport/contracts/subprotocol'
import type { Log } from '@sallyport/service-kit/log'
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws'
import { requestIdOf } from '../request-id.ts'
import type { ConnectionSocket } from './connection-socket.ts'
import type { ConnectionInput } from './connection-types.ts'
import type { NonceVerdict } from './nonce-memory.ts'
import { parseUpgrade } from './parse-upgrade.ts'
import { refuseUpgrade } from './refuse-upgrade.ts'

/** A handshake that was believed and answered with 101. */
export type AcceptedUpgrade = {
  readonly identity: Identity
  readonly socket: ConnectionSocket
  readonly requestId: string
  readonly arrivedAtMs: number
}

type AcceptUpgradeDeps = {
  readonly keys: readonly AssertionKey[]
  readonly rememberNonce: (nonce: string) => NonceVerdict
  readonly isDraining: () => boolean
  readonly limits: { readonly maxMessageBytes: number; readonly endGraceMs: number }
  /** A monotonic clock, in milliseconds; the assertion's times are judged by `wallClock`. */
  readonly now: () => number
  readonly wallClock: () => Date
  /** Takes the socket over; what it returns is told what the peer sends. */
  readonly onAccepted: (accepted: AcceptedUpgrade) => ConnectionInput
  readonly onRefused: (reason: string) => void
  readonly log: Log
}

const draining: Denial = { code: 'unavailable', reason: 'draining', retryAfterSeconds: 1 }
const failed: Denial = { code: 'unavailable', reason: 'internal-failure', retryAfterSeconds: 5 }

/** Answers every upgrade on `server`, with 101 or with one refusal; never throws into it. */
export function acceptUpgrades(server: Server, deps: AcceptUpgradeDeps): void {
  const sockets = new WebSocketServer(socketBounds(deps.limits))

  async function answer(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    requestId: string,
  ): Promise<void> {
    const arrivedAtMs = deps.now()
    const decision = await decideUpgrade(request, deps).catch((error: unknown) => {
      deps.log.error({ err: error, requestId }, 'an upgrade could not be decided')
      return err(failed)
    })
    if (!decision.ok) {
      const { reason } = decision.error
      deps.onRefused(reason)
      deps.log.warn({ granted: false, reason, requestId }, 'upgrade refused')
      return refuseUpgrade(socket, decision.error, requestId)
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) =>
      connect(webSocket, { identity: decision.value, requestId, arrivedAtMs }, deps),
    )
  }

  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    const requestId = requestIdOf(request)
    answer(request, socket, head, requestId).catch((error: unknown) => {
      // Something is on the wire perhaps, 101 or a refusal: one more answer would be garbage.
      socket.destroy()
      deps.log.error({ err: error, requestId }, 'an upgrade could not be answered')
    })
  })
}

/** Whose upgrade this is, or why it is refused. */
async function decideUpgrade(
  request: IncomingMessage,
  deps: AcceptUpgradeDeps,
): Promise<Result<Identity, Denial>> {
  if (deps.isDraining()) return err(draining)
  const upgrade = parseUpgrade(request)
  if (!upgrade.ok) return upgrade

  const { assertion, webSocketKey } = upgrade.value
  const verified = await verifyAssertion(
    assertion,
    deps.keys,
    { audience: backendAudience, webSocketKey },
    () => deps.wallClock().getTime(),
  )
  if (!verified.ok) return err({ code: 'invalid-credential', reason: verified.error })

  const nonce = deps.rememberNonce(verified.value.nonce)
  if (nonce === 'used') return err({ code: 'invalid-credential', reason: 'assertion-replayed' })
  if (nonce === 'full') {
    return err({ code: 'unavailable', reason: 'nonces-full', retryAfterSeconds: 5 })
  }
  if (verified.value.kind === 'pending') {
    return err({ code: 'authentication-required', reason: 'first-message-not-served' })
  }
  // Draining may have begun while the assertion was verified.
  return deps.isDraining() ? err(draining) : ok(verified.value.identity)
}

function connect(
  webSocket: WebSocket,
  accepted: Omit<AcceptedUpgrade, 'socket'>,
  deps: AcceptUpgradeDeps,
): void {
  const socket: ConnectionSocket = {
    send: (text) => webSocket.send(text),
    close: (code, reason) => webSocket.close(code, reason),
    terminate: () => webSocket.terminate(),
    pause: () => webSocket.pause(),
    resume: () => webSocket.resume(),
    ping: (payload) => webSocket.ping(payload),
    bufferedBytes: () => webSocket.bufferedAmount,
  }
  const input = deps.onAccepted({ ...accepted, socket })
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
function socketBounds(limits: AcceptUpgradeDeps['limits']) {
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
    handleProtocols: (offered) => (offered.has(protocolName) ? protocolName : false),
  }
  return bounds
}
