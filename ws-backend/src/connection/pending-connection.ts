// One socket with nobody behind it: it may say `authenticate`, once and first, and has a few seconds for it. When the
// sidecar says whose token it is, a connection takes the socket over, and what arrived behind the first message with it.
// Knows no WebSocket library, and no feature knows it: nothing is broadcast to it.

import type { CloseName } from '@sallyport/contracts/close-codes'
import type { Identity } from '@sallyport/contracts/identity'
import { parseFirstMessage } from '@sallyport/contracts/messages/first-message'
import type { ConnectionInput, PendingDeps, PendingOptions, Successor } from './connection-types.ts'
import { type ExpiryTimer, startExpiryTimer } from './expiry-timer.ts'
import { type OwnEffect, type SocketLife, startSocketLife } from './socket-life.ts'

/** A pending socket with its effects. Its socket is read, within `maxPendingBytes`, until the first message is there. */
export class PendingConnection implements ConnectionInput {
  readonly id: string
  readonly #options: PendingOptions
  readonly #deps: PendingDeps
  readonly #life: SocketLife
  readonly #deadline: ExpiryTimer
  readonly #stopWatching: () => void
  #early: string[] = []
  #successor: Successor | undefined
  #receivedBytes = 0
  #reads = 0
  #askedAtMs = 0

  constructor(options: PendingOptions, deps: PendingDeps) {
    const { limits, now, log } = deps
    this.id = options.id
    this.#options = options
    this.#deps = deps
    this.#life = startSocketLife(
      { ...options, start: 'pending', runOwn: (effect) => this.#run(effect) },
      { limits, now, onForgotten: (code) => deps.onForgotten(this, code), log },
    )
    const deadlineMs = options.arrivedAtMs + limits.authenticateDeadlineMs
    this.#deadline = startExpiryTimer(deadlineMs, deps, () => this.end('authTimeout'))
    this.#stopWatching = options.socket.watchBytes((count) => this.#count(count))
  }

  end(name: CloseName, retryAfterMs?: number): void {
    if (this.#successor) this.#successor.end(name, retryAfterMs)
    else this.#life.end({ name, ...(retryAfterMs !== undefined && { retryAfterMs }) })
  }

  receiveText(text: string): void {
    if (this.#successor) return this.#successor.receiveText(text)
    const phase = this.#life.phase()
    if (phase === 'pending') this.#receiveFirst(text)
    // Reading is paused: this came with the same read as the first message, whose size bounds what is kept.
    else if (phase === 'authenticating') this.#early.push(text)
  }

  receiveBinary(): void {
    if (this.#successor) return this.#successor.receiveBinary()
    const isFirst = this.#life.phase() === 'pending'
    this.end(isFirst ? 'badMessage' : 'binaryRefused')
  }

  receivePong(payload: string): void {
    this.#successor?.receivePong(payload)
  }

  transportFailed(name: CloseName): void {
    this.end(name)
  }

  socketClosed(code: number): void {
    if (this.#successor) this.#successor.socketClosed(code)
    else this.#life.apply({ type: 'socket-closed', code })
  }

  #receiveFirst(text: string): void {
    // The deadline counts although its timer could not fire yet.
    if (this.#deadline.hasPassed()) return this.end('authTimeout')
    const message = parseFirstMessage(text)
    if (message.ok) this.#life.apply({ type: 'token-received', token: message.value.token })
    else this.end(message.error === 'too-long' ? 'messageTooBig' : 'badMessage')
  }

  /** Told after the bytes were read: what they completed has been handled already. */
  #count(bytes: number): void {
    if (this.#life.phase() !== 'pending') return
    const { maxPendingBytes, maxPendingReads } = this.#deps.limits
    this.#receivedBytes += bytes
    this.#reads += 1
    if (this.#receivedBytes > maxPendingBytes) this.end('messageTooBig')
    else if (this.#reads > maxPendingReads) this.end('policy')
  }

  #run(effect: OwnEffect): void {
    if (effect.type === 'authenticate') {
      // From here on the question has a deadline of its own: its failure is ours, not the client's.
      this.#stopWaiting()
      void this.#authenticate(effect.token)
    } else if (effect.type === 'hand-over') this.#handOver(effect.identity)
    else if (effect.type === 'leave') {
      this.#stopWaiting()
      this.#early = []
    }
  }

  /** Never rejects. */
  async #authenticate(token: string): Promise<void> {
    const { authenticate, now, log } = this.#deps
    this.#askedAtMs = now()
    try {
      const answer = await authenticate({ token, ...this.#options.pending })
      if (answer.outcome === 'refused') this.end(answer.close, answer.retryAfterMs)
      else this.#life.apply({ type: 'authenticated', identity: answer.identity })
    } catch (error) {
      log.warn({ err: error, connectionId: this.id }, 'a first message could not be judged')
      this.end('authUnavailable')
    }
  }

  #handOver(identity: Identity): void {
    const { pending: _pending, ...options } = this.#options
    const early = this.#early
    this.#early = []
    const authorityFromMs = this.#askedAtMs
    try {
      this.#successor = this.#deps.takeOver({ ...options, identity, authorityFromMs, early })
    } catch (error) {
      // Nobody owns the socket now.
      options.socket.terminate()
      this.#deps.log.error({ err: error, connectionId: this.id }, 'a socket was not taken over')
    } finally {
      this.#deps.onHandedOver(this)
    }
  }

  #stopWaiting(): void {
    this.#deadline.cancel()
    this.#stopWatching()
  }
}
