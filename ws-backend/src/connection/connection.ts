// One accepted socket: runs the effects that `connection-state.ts` decides. From the moment the phase leaves
// `live` no inbound message is handled and nothing is sent but the advice and the close frame.
// Knows no WebSocket library, no HTTP and no feature.

import { type CloseName, closeCodeOf, closeCodes } from '@sallyport/contracts/close-codes'
import { closeReason } from '@sallyport/contracts/close-reason'
import type { Identity } from '@sallyport/contracts/identity'
import type { ServerMessage } from '@sallyport/contracts/messages/server-message'
import {
  type ConnectionEffect,
  type ConnectionEvent,
  type ConnectionState,
  type EndedBy,
  next,
} from './connection-state.ts'
import type {
  Connection,
  ConnectionDeps,
  ConnectionInput,
  ConnectionOptions,
} from './connection-types.ts'
import { type ExpiryTimer, startExpiryTimer } from './expiry-timer.ts'
import { type Heartbeat, startHeartbeat } from './heartbeat.ts'
import { createInbound } from './inbound.ts'
import { adviceMessage, welcomeMessage } from './outbound-messages.ts'

/** Names under which the peer cannot be reached any more. */
const unreachable: ReadonlySet<CloseName> = new Set(['slowReader', 'lost'])

/** A connection with its effects. Starts in phase `checking`, its socket paused. */
export class SocketConnection implements Connection, ConnectionInput {
  readonly id: string
  readonly identity: Identity
  readonly #options: ConnectionOptions
  readonly #deps: ConnectionDeps
  readonly #expiry: ExpiryTimer
  readonly #receive: (text: string) => void
  #state: ConnectionState = { phase: 'checking' }
  #heartbeat: Heartbeat | undefined
  #grace: NodeJS.Timeout | undefined

  constructor(options: ConnectionOptions, deps: ConnectionDeps) {
    const { limits, now } = deps
    this.id = options.id
    this.identity = options.identity
    this.#options = options
    this.#deps = deps
    const deadlineMs = options.arrivedAtMs + options.identity.ttlMs
    this.#expiry = startExpiryTimer(deadlineMs, deps, () => this.end('tokenInvalid'))
    this.#receive = createInbound({
      limits,
      now,
      reply: (message) => this.#reply(message),
      end: (name, retryAfterMs) => this.end(name, retryAfterMs),
      handle: (message) => deps.handle(this, message),
    })
    options.socket.pause()
  }

  /** The only judge of "may this still happen?". A deadline counts although its timer has not fired yet. */
  isLive(): boolean {
    return this.#state.phase === 'live' && !this.#expiry.hasPassed()
  }

  expireIfDue(): void {
    if (this.#expiry.hasPassed()) this.end('tokenInvalid')
  }

  confirm(): void {
    this.expireIfDue()
    this.#apply({ type: 'confirmed' })
  }

  end(name: CloseName, retryAfterMs?: number): void {
    const backlogBytes = this.#options.socket.bufferedBytes()
    const pointless =
      unreachable.has(name) || backlogBytes > this.#deps.limits.maxBytesBeforeGoodbye
    this.#apply({
      type: 'end-requested',
      name,
      goodbye: pointless ? 'pointless' : 'possible',
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    })
  }

  send(text: string): void {
    if (!this.#goesOn()) return
    const { socket } = this.#options
    if (socket.bufferedBytes() > this.#deps.limits.maxBufferedBytes) this.end('slowReader')
    else socket.send(text)
  }

  receiveText(text: string): void {
    if (!this.#goesOn()) return
    try {
      this.#receive(text)
    } catch (error) {
      this.#deps.log.error({ err: error, connectionId: this.id }, 'a message could not be handled')
      this.end('internal')
    }
  }

  receiveBinary(): void {
    if (this.#goesOn()) this.end('binaryRefused')
  }

  receivePong(payload: string): void {
    this.#heartbeat?.answered(payload)
  }

  transportFailed(name: CloseName): void {
    this.end(name)
  }

  socketClosed(code: number): void {
    this.#apply({ type: 'socket-closed', code })
  }

  /** Asked before anything happens: an overdue connection ends here and now. */
  #goesOn(): boolean {
    this.expireIfDue()
    return this.#state.phase === 'live'
  }

  #apply(event: ConnectionEvent): void {
    const { state, effects } = next(this.#state, event)
    this.#state = state
    for (const effect of effects) this.#run(effect)
  }

  #run(effect: ConnectionEffect): void {
    const { socket } = this.#options
    switch (effect.type) {
      case 'send-welcome':
        return this.#welcome()
      case 'resume-reading':
        return socket.resume()
      case 'mark-dead':
        return this.#markDead()
      case 'send-advice':
        return socket.send(JSON.stringify(adviceMessage(effect.name, effect.retryAfterMs)))
      case 'close': {
        const { code, reason } = closeCodes[effect.name]
        return socket.close(code, closeReason(reason))
      }
      case 'start-grace':
        return this.#startGrace()
      case 'terminate':
        return socket.terminate()
      case 'forget':
        return this.#forget(effect.ended)
    }
  }

  #welcome(): void {
    if (!this.#goesOn()) return
    const { limits, log, wallClock } = this.#deps
    const { id, identity } = this
    this.#heartbeat = startHeartbeat(limits.heartbeatMs, {
      beat: (payload) => this.#beat(payload),
      onLost: () => this.end('lost'),
      onFlood: () => this.end('rateLimited'),
    })
    this.#reply(welcomeMessage(id, identity, this.#expiry.remainingMs(), limits, wallClock()))
    const { sessionId, way, username } = identity
    log.info(
      { connectionId: id, sessionId, way, requestId: this.#options.requestId },
      `user ${username} authenticated and connected`,
    )
  }

  #beat(payload: string): void {
    if (!this.#goesOn()) return
    this.#options.socket.ping(payload)
    this.#reply({ type: 'hb' })
  }

  #markDead(): void {
    this.#expiry.cancel()
    this.#heartbeat?.cancel()
    this.#deps.onDead(this)
  }

  #startGrace(): void {
    this.#grace = setTimeout(
      () => this.#apply({ type: 'grace-elapsed' }),
      this.#deps.limits.endGraceMs,
    )
  }

  #forget(ended: EndedBy): void {
    clearTimeout(this.#grace)
    // The text of a peer's close frame is the peer's: only the registry's word for its code is logged.
    const { code, reason } = 'name' in ended ? closeCodes[ended.name] : closeCodeOf(ended.code)
    const durationMs = Math.round(this.#deps.now() - this.#options.arrivedAtMs)
    this.#deps.log.info({ connectionId: this.id, code, reason, durationMs }, 'connection closed')
    this.#deps.onForgotten(this, code)
  }

  #reply(message: ServerMessage): void {
    this.send(JSON.stringify(message))
  }
}
