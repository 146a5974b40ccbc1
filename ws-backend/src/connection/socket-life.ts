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
  type Ending,
  next,
} from './connection-state.ts'
import { adviceMessage, reasonOf } from './outbound-messages.ts'

type SharedEffect = Extract<
  ConnectionEffect,
  {
    type:
      | 'pause-reading'
      | 'resume-reading'
      | 'send-advice'
      | 'close'
      | 'start-grace'
      | 'set-grace'
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
  /** Ends it; the first reason stays. */
  readonly end: (ending: Ending) => void
  /** The cheap half of `end`; the grace runs from here. */
  readonly markDead: (name: CloseName) => void
  /** The other half; the grace ends `graceMs` after the mark. Means nothing unless it was marked dead. */
  readonly sayGoodbye: (graceMs: number) => void
}

/** Names under which the peer cannot be reached any more. */
const unreachable: ReadonlySet<CloseName> = new Set(['slowReader', 'lost'])

/** Begins the life of one open socket. */
export function startSocketLife(options: LifeOptions, deps: LifeDeps): SocketLife {
  const { id, socket, arrivedAtMs, runOwn } = options
  const { limits, now, onForgotten, log } = deps
  let state: ConnectionState = { phase: options.start }
  let grace: NodeJS.Timeout | undefined
  let graceFromMs = 0

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
        return socket.send(JSON.stringify(adviceMessage(effect.ending)))
      case 'close':
        return socket.close(
          closeCodes[effect.ending.name].code,
          closeReason(reasonOf(effect.ending)),
        )
      case 'start-grace':
        graceFromMs = now()
        return waitGrace(limits.endGraceMs)
      case 'set-grace':
        clearTimeout(grace)
        return waitGrace(graceFromMs + effect.graceMs - now())
      case 'terminate':
        return socket.terminate()
      case 'forget':
        return forget(effect.ended)
      case 'authenticate':
      case 'hand-over':
      case 'send-welcome':
      case 'handle-early':
      case 'leave':
        return runOwn(effect)
    }
  }

  function waitGrace(ms: number): void {
    grace = setTimeout(() => apply({ type: 'grace-elapsed' }), ms)
  }

  function forget(ended: EndedBy): void {
    clearTimeout(grace)
    // The text of a peer's close frame is the peer's: only the registry's word for its code is logged.
    const { code } = 'name' in ended ? closeCodes[ended.name] : ended
    const reason = 'name' in ended ? reasonOf(ended) : closeCodeOf(ended.code).reason
    const durationMs = Math.round(now() - arrivedAtMs)
    log.info({ connectionId: id, code, reason, durationMs }, 'connection closed')
    onForgotten(code)
  }

  function chanceOf(name: CloseName): 'possible' | 'pointless' {
    const isHopeless =
      unreachable.has(name) || socket.bufferedBytes() > limits.maxBytesBeforeGoodbye
    return isHopeless ? 'pointless' : 'possible'
  }

  return {
    phase: () => state.phase,
    apply,
    end: (ending) => apply({ type: 'end-requested', ending, goodbye: chanceOf(ending.name) }),
    markDead: (name) => apply({ type: 'mark-requested', ending: { name } }),
    sayGoodbye(graceMs) {
      if (state.phase !== 'dead') return
      apply({ type: 'goodbye-requested', goodbye: chanceOf(state.ending.name), graceMs })
    },
  }
}
