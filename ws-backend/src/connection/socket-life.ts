// Runs what `connection-state.ts` decides as far as it is the same for every socket: advice, close frame, grace, cut,
// and the one line that says how it ended. What only its owner can do is handed to it. Knows neither identity nor message.

import { type CloseName, closeCodeOf, closeCodes } from '@sallyport/contracts/close-codes'
import { closeReason } from '@sallyport/contracts/close-reason'
import type { Log } from '@sallyport/service-kit/log'
import type { ConnectionLimits } from './connection-limits.ts'
import type { ConnectionSocket } from './connection-socket.ts'
import {
  type ConnectionEffect,
  type ConnectionEvent,
  type ConnectionState,
  type EndedBy,
  next,
} from './connection-state.ts'
import { adviceMessage } from './outbound-messages.ts'

type SharedEffect = Extract<
  ConnectionEffect,
  {
    type:
      | 'pause-reading'
      | 'resume-reading'
      | 'send-advice'
      | 'close'
      | 'start-grace'
      | 'terminate'
      | 'forget'
  }
>

/** What the owner of a life does itself. */
export type OwnEffect = Exclude<ConnectionEffect, SharedEffect>

type LifeOptions = {
  readonly id: string
  readonly socket: ConnectionSocket
  /** When the handshake arrived, on the clock of `now`. */
  readonly arrivedAtMs: number
  readonly start: 'pending' | 'checking'
  readonly runOwn: (effect: OwnEffect) => void
}

type LifeDeps = {
  readonly limits: Pick<ConnectionLimits, 'endGraceMs' | 'maxBytesBeforeGoodbye'>
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number
  /** The transport is gone. Called once. */
  readonly onForgotten: (code: number) => void
  readonly log: Log
}

export type SocketLife = {
  readonly phase: () => ConnectionState['phase']
  readonly apply: (event: ConnectionEvent) => void
  /** Ends it; the first reason stays. `retryAfterMs` goes into the advice. */
  readonly end: (name: CloseName, retryAfterMs?: number) => void
}

/** Names under which the peer cannot be reached any more. */
const unreachable: ReadonlySet<CloseName> = new Set(['slowReader', 'lost'])

/** Begins the life of one open socket. */
export function startSocketLife(options: LifeOptions, deps: LifeDeps): SocketLife {
  const { id, socket, arrivedAtMs, runOwn } = options
  const { limits, now, onForgotten, log } = deps
  let state: ConnectionState = { phase: options.start }
  let grace: NodeJS.Timeout | undefined

  function apply(event: ConnectionEvent): void {
    const step = next(state, event)
    state = step.state
    for (const effect of step.effects) run(effect)
  }

  function run(effect: ConnectionEffect): void {
    switch (effect.type) {
      case 'pause-reading':
        return socket.pause()
      case 'resume-reading':
        return socket.resume()
      case 'send-advice':
        return socket.send(JSON.stringify(adviceMessage(effect.name, effect.retryAfterMs)))
      case 'close': {
        const { code, reason } = closeCodes[effect.name]
        return socket.close(code, closeReason(reason))
      }
      case 'start-grace':
        grace = setTimeout(() => apply({ type: 'grace-elapsed' }), limits.endGraceMs)
        return
      case 'terminate':
        return socket.terminate()
      case 'forget':
        return forget(effect.ended)
      case 'authenticate':
      case 'hand-over':
      case 'send-welcome':
      case 'handle-early':
      case 'mark-dead':
        return runOwn(effect)
    }
  }

  function forget(ended: EndedBy): void {
    clearTimeout(grace)
    // The text of a peer's close frame is the peer's: only the registry's word for its code is logged.
    const { code, reason } = 'name' in ended ? closeCodes[ended.name] : closeCodeOf(ended.code)
    const durationMs = Math.round(now() - arrivedAtMs)
    log.info({ connectionId: id, code, reason, durationMs }, 'connection closed')
    onForgotten(code)
  }

  return {
    phase: () => state.phase,
    apply,
    end(name, retryAfterMs) {
      const pointless =
        unreachable.has(name) || socket.bufferedBytes() > limits.maxBytesBeforeGoodbye
      apply({
        type: 'end-requested',
        name,
        goodbye: pointless ? 'pointless' : 'possible',
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      })
    },
  }
}
