// One socket with somebody behind it. From the moment its phase leaves `live` no inbound message is handled and
// nothing is sent but the advice and the close frame. Knows no WebSocket library, no HTTP and no feature.

import type { CloseName } from '@sallyport/contracts/close-codes'
import type { Identity } from '@sallyport/contracts/identity'
import type { ServerMessage } from '@sallyport/contracts/messages/server-message'
import { printableText } from '@sallyport/service-kit/log-text'
import type {
  Connection,
  ConnectionDeps,
  ConnectionInput,
  ConnectionOptions,
} from './connection-types.ts'
import { type ExpiryTimer, startExpiryTimer } from './expiry-timer.ts'
import { type Heartbeat, startHeartbeat } from './heartbeat.ts'
import { createInbound, type Inbound } from './inbound.ts'
import { welcomeMessage } from './outbound-messages.ts'
import { createReaderWatch, type ReaderState } from './reader-watch.ts'
import { type OwnEffect, type SocketLife, startSocketLife } from './socket-life.ts'

/** A connection with its effects. Starts in phase `checking`, its socket paused. */
export class SocketConnection implements Connection, ConnectionInput {
  readonly id: string
  readonly identity: Identity
  readonly #options: ConnectionOptions
  readonly #deps: ConnectionDeps
  readonly #life: SocketLife
  readonly #expiry: ExpiryTimer
  readonly #inbound: Inbound
  readonly #judgeReader: (bufferedBytes: number) => ReaderState
  #heartbeat: Heartbeat | undefined

  constructor(options: ConnectionOptions, deps: ConnectionDeps) {
    const { limits, now, log } = deps
    this.id = options.id
    this.identity = options.identity
    this.#options = options
    this.#deps = deps
    this.#life = startSocketLife(
      { ...options, start: 'checking', runOwn: (effect) => this.#run(effect) },
      { limits, now, onForgotten: (code) => deps.onForgotten(this, code), log },
    )
    const deadlineMs = options.authorityFromMs + options.identity.ttlMs
    this.#expiry = startExpiryTimer(deadlineMs, deps, () => this.end('tokenInvalid'))
    this.#judgeReader = createReaderWatch(limits, now)
    this.#inbound = createInbound({
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
    return this.#life.phase() === 'live' && !this.#expiry.hasPassed()
  }

  expireIfDue(): void {
    if (this.#expiry.hasPassed()) this.end('tokenInvalid')
  }

  confirm(): void {
    this.expireIfDue()
    this.#life.apply({ type: 'confirmed' })
  }

  end(name: CloseName, retryAfterMs?: number): void {
    this.#life.end(name, retryAfterMs)
  }

  send(text: string): void {
    if (this.#readerState() !== undefined) this.#options.socket.send(text)
  }

  sendEvent(text: string): void {
    const state = this.#readerState()
    if (state === 'keeps-up') this.#options.socket.send(text)
    else if (state === 'full') this.#deps.onEventDropped()
  }

  mayPublish(bytes: number): boolean {
    return this.#inbound.mayPublish(bytes)
  }

  receiveText(text: string): void {
    if (!this.#goesOn()) return
    try {
      this.#inbound.receive(text)
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
    this.#life.apply({ type: 'socket-closed', code })
  }

  /** Asked before anything happens: an overdue connection ends here and now. */
  #goesOn(): boolean {
    this.expireIfDue()
    return this.#life.phase() === 'live'
  }

  /** Undefined when nothing may be sent: a reader that does not read any more ends here. */
  #readerState(): 'keeps-up' | 'full' | undefined {
    if (!this.#goesOn()) return undefined
    const state = this.#judgeReader(this.#options.socket.bufferedBytes())
    if (state !== 'stalled') return state
    this.end('slowReader')
    return undefined
  }

  #run(effect: OwnEffect): void {
    if (effect.type === 'send-welcome') this.#welcome()
    else if (effect.type === 'handle-early') this.#handleEarly()
    else if (effect.type === 'mark-dead') this.#markDead()
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
      {
        connectionId: id,
        sessionId: printableText(sessionId),
        way,
        requestId: this.#options.requestId,
      },
      `user ${printableText(username)} authenticated and connected`,
    )
  }

  /** Each is judged like any other: one of them may end the connection, and those behind it are dropped. */
  #handleEarly(): void {
    for (const text of this.#options.early) this.receiveText(text)
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

  #reply(message: ServerMessage): void {
    this.send(JSON.stringify(message))
  }
}
