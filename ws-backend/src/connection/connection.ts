// One socket with somebody behind it. From the moment its phase leaves `live` no inbound message is handled and
// nothing is sent but the advice and the close frame. Knows no WebSocket library, no HTTP and no feature.

import type { CloseName } from '@sallyport/contracts/close-codes'
import type { Identity, TokenFacts } from '@sallyport/contracts/identity'
import { printableText } from '@sallyport/service-kit/log-text'
import type { ConnectionSocket } from './connection-socket.ts'
import type {
  Connection,
  ConnectionDeps,
  ConnectionInput,
  ConnectionOptions,
  RefreshMessage,
} from './connection-types.ts'
import { type Heartbeat, startHeartbeat } from './heartbeat.ts'
import { createHeldWork, type HeldWork } from './held-work.ts'
import { createInbound, type Inbound } from './inbound.ts'
import { createOutbound, type Outbound } from './outbound.ts'
import { welcomeMessage } from './outbound-messages.ts'
import { type SocketAuthority, startSocketAuthority } from './socket-authority.ts'
import { type OwnEffect, type SocketLife, startSocketLife } from './socket-life.ts'

/** A connection with its effects. Starts in phase `checking`, its socket paused. */
export class SocketConnection implements Connection, ConnectionInput {
  readonly id: string
  readonly connectedAt: Date
  readonly #requestId: string
  readonly #socket: ConnectionSocket
  readonly #deps: ConnectionDeps
  readonly #life: SocketLife
  readonly #authority: SocketAuthority
  readonly #inbound: Inbound
  readonly #outbound: Outbound
  readonly #held: HeldWork
  #early: readonly string[]
  #heartbeat: Heartbeat | undefined

  constructor(options: ConnectionOptions, deps: ConnectionDeps) {
    const { limits, now, log } = deps
    this.id = options.id
    this.connectedAt = deps.wallClock()
    this.#requestId = options.requestId
    this.#socket = options.socket
    this.#early = options.early
    this.#deps = deps
    this.#life = startSocketLife(
      { ...options, start: 'checking', runOwn: (effect) => this.#run(effect) },
      { limits, now, onForgotten: (code) => deps.onForgotten(this, code), log },
    )
    this.#held = createHeldWork({
      hold: deps.hold,
      socket: options.socket,
      isLive: () => this.#life.phase() === 'live',
      onFault: (error) => this.#fail(error),
    })
    this.#outbound = createOutbound({
      socket: options.socket,
      limits,
      now,
      isLiveNow: () => this.#isLiveNow(),
      held: this.#held,
      end: (name) => this.end(name),
      onEventDropped: deps.onEventDropped,
    })
    this.#authority = this.#startAuthority(options)
    this.#inbound = createInbound({
      limits,
      now,
      reply: this.#outbound.reply,
      end: (name, retryAfterMs) => this.end(name, retryAfterMs),
      handle: (message) => deps.handle(this, message),
      refresh: (message) => void this.#refresh(message),
    })
    options.socket.pause()
  }

  get identity(): Identity {
    return this.#authority.identity()
  }

  /** The only judge of "may this still happen?". A deadline counts although its timer has not fired yet. */
  isLive(): boolean {
    return this.#life.phase() === 'live' && !this.#authority.hasPassed()
  }

  expireIfDue(): void {
    if (this.#authority.hasPassed()) this.end(this.#authority.endsWith())
  }

  expiresInMs(): number {
    return this.#authority.remainingMs()
  }

  /** Held, it is being asked about once more: nobody is welcomed on an answer from before. */
  confirm(): void {
    this.#held.run(() => {
      this.expireIfDue()
      this.#life.apply({ type: 'confirmed' })
    })
  }

  end(name: CloseName, retryAfterMs?: number): void {
    this.#life.end({ name, ...(retryAfterMs !== undefined && { retryAfterMs }) })
  }

  endByOperator(): void {
    this.#life.end({ name: 'replaced', byOperator: true })
  }

  markDead(name: CloseName): void {
    this.#life.markDead(name)
  }

  sayGoodbye(): void {
    const { limits, random } = this.#deps
    // Many are marked at once. Were they all cut at once, nothing else could happen meanwhile.
    this.#life.sayGoodbye(limits.endGraceMs * (1 - random() / 2))
  }

  endWithin(marginMs: number, name: CloseName): void {
    this.#authority.endWithin(marginMs, name)
  }

  extendUntil(expiresAtMs: number, token: TokenFacts): void {
    this.#authority.extendUntil(expiresAtMs, token)
  }

  send(text: string): void {
    this.#outbound.send(text)
  }

  sendEvent(text: string): void {
    this.#outbound.sendEvent(text)
  }

  mayPublish(bytes: number): boolean {
    return this.#inbound.mayPublish(bytes)
  }

  receiveText(text: string): void {
    if (this.#isLiveNow()) this.#held.run(() => this.#handle(text))
  }

  receiveBinary(): void {
    if (this.#isLiveNow()) this.#held.run(() => this.end('binaryRefused'))
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

  #startAuthority({ identity, authorityFromMs }: ConnectionOptions): SocketAuthority {
    const { limits, changePlace, leaveForbidden, onIdentityChanged, ...deps } = this.#deps
    return startSocketAuthority(
      { identity, fromMs: authorityFromMs },
      {
        connectionId: this.id,
        clocks: deps,
        maxRefreshesPerMinute: limits.maxRefreshesPerMinute,
        ask: deps.refresh,
        goesOn: () => this.#goesOn(),
        reply: this.#outbound.reply,
        onExpired: () => this.expireIfDue(),
        changePlace: (next) => changePlace(this, next),
        leaveForbidden: () => leaveForbidden(this),
        onIdentityChanged: (before) => onIdentityChanged(this, before),
        log: deps.log,
      },
    )
  }

  /** Asked before anything happens to its authority: an overdue connection ends here and now. */
  #goesOn(): boolean {
    this.expireIfDue()
    const phase = this.#life.phase()
    return phase === 'live' || phase === 'checking'
  }

  /** The same for messages, which wait until it is live. */
  #isLiveNow(): boolean {
    return this.#goesOn() && this.#life.phase() === 'live'
  }

  #handle(text: string): void {
    if (!this.#isLiveNow()) return
    try {
      this.#inbound.receive(text)
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Never rejects. */
  async #refresh(message: RefreshMessage): Promise<void> {
    try {
      await this.#authority.refresh(message)
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    this.#deps.log.error({ err: error, connectionId: this.id }, 'a message could not be handled')
    this.end('internal')
  }

  #run(effect: OwnEffect): void {
    if (effect.type === 'send-welcome') this.#welcome()
    else if (effect.type === 'handle-early') this.#handleEarly()
    else if (effect.type === 'leave') this.#leave()
  }

  #welcome(): void {
    if (!this.#isLiveNow()) return
    const { limits, log, wallClock } = this.#deps
    const { id, identity } = this
    this.#heartbeat = startHeartbeat(limits.heartbeatMs, {
      isHeld: this.#held.isHeld,
      beat: (payload) => this.#beat(payload),
      onLost: () => this.end('lost'),
      onFlood: () => this.end('rateLimited'),
    })
    this.#outbound.reply(welcomeMessage(id, identity, this.expiresInMs(), limits, wallClock()))
    const { sessionId, way, username } = identity
    log.info(
      { connectionId: id, sessionId: printableText(sessionId), way, requestId: this.#requestId },
      `user ${printableText(username)} authenticated and connected`,
    )
    if (this.#isLiveNow()) this.#authority.startTelling()
  }

  /** Each is judged like any other: one of them may end the connection, and those behind it are dropped. */
  #handleEarly(): void {
    for (const text of this.#early) this.receiveText(text)
    this.#early = []
  }

  #beat(payload: string): void {
    if (!this.#isLiveNow()) return
    this.#socket.ping(payload)
    this.#outbound.reply({ type: 'hb' })
  }

  #leave(): void {
    this.#early = []
    this.#held.drop()
    this.#authority.cancel()
    this.#heartbeat?.cancel()
    this.#deps.onDead(this)
  }
}
