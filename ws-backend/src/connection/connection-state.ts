// The life of a connection as data: [pending → authenticating →] checking → live → ending → ended. Pure; what has
// to be done is returned as effects in the order in which to do it. The phase leaves `live` before any effect of
// the ending runs.

import type { CloseName } from '@sallyport/contracts/close-codes'
import type { Identity } from '@sallyport/contracts/identity'

/** `ending` remembers why, for the log and the metric. */
export type ConnectionState =
  /** Nobody is behind it yet: one message is waited for, `authenticate`. */
  | { readonly phase: 'pending' }
  /** The sidecar is asked whose token it is; nothing is read meanwhile. */
  | { readonly phase: 'authenticating' }
  /** Somebody is behind it: another life, which began as `checking`, goes on with the socket. */
  | { readonly phase: 'handed-over' }
  | { readonly phase: 'checking' }
  | { readonly phase: 'live' }
  | { readonly phase: 'ending'; readonly name: CloseName }
  | { readonly phase: 'ended' }

export type ConnectionEvent =
  /** The first message was an `authenticate`. */
  | { readonly type: 'token-received'; readonly token: string }
  | { readonly type: 'authenticated'; readonly identity: Identity }
  /** The sidecar said, after the registration, that the identity is good. */
  | { readonly type: 'confirmed' }
  | {
      readonly type: 'end-requested'
      readonly name: CloseName
      readonly retryAfterMs?: number
      /** `pointless`: the peer does not read, or too much is queued before the goodbye. */
      readonly goodbye: 'possible' | 'pointless'
    }
  /** The transport is gone; `code` is what the peer said, or 1006. */
  | { readonly type: 'socket-closed'; readonly code: number }
  | { readonly type: 'grace-elapsed' }

/** Who ended it: we, by a name of the registry, or the peer, with a code. */
export type EndedBy = { readonly name: CloseName } | { readonly code: number }

export type ConnectionEffect =
  | { readonly type: 'pause-reading' }
  | { readonly type: 'authenticate'; readonly token: string }
  | { readonly type: 'hand-over'; readonly identity: Identity }
  | { readonly type: 'send-welcome' }
  /** What arrived behind the first message, in order. */
  | { readonly type: 'handle-early' }
  | { readonly type: 'resume-reading' }
  /** Leave every channel, stop every timer. */
  | { readonly type: 'mark-dead' }
  | { readonly type: 'send-advice'; readonly name: CloseName; readonly retryAfterMs?: number }
  | { readonly type: 'close'; readonly name: CloseName }
  | { readonly type: 'start-grace' }
  | { readonly type: 'terminate' }
  /** The last effect of every life: leave the registry, log once. */
  | { readonly type: 'forget'; readonly ended: EndedBy }

type Step = { readonly state: ConnectionState; readonly effects: readonly ConnectionEffect[] }

/** What follows from an event; an event that means nothing in the current phase changes nothing. */
export function next(state: ConnectionState, event: ConnectionEvent): Step {
  switch (state.phase) {
    case 'pending':
      if (event.type !== 'token-received') return leave(state, event)
      return {
        state: { phase: 'authenticating' },
        effects: [{ type: 'pause-reading' }, { type: 'authenticate', token: event.token }],
      }
    case 'authenticating':
      if (event.type !== 'authenticated') return leave(state, event)
      return {
        state: { phase: 'handed-over' },
        effects: [{ type: 'hand-over', identity: event.identity }],
      }
    case 'checking':
      if (event.type !== 'confirmed') return leave(state, event)
      return {
        state: { phase: 'live' },
        effects: [{ type: 'send-welcome' }, { type: 'handle-early' }, { type: 'resume-reading' }],
      }
    case 'live':
      return leave(state, event)
    case 'ending':
      if (event.type === 'socket-closed')
        return end([{ type: 'forget', ended: { name: state.name } }])
      if (event.type !== 'grace-elapsed') return { state, effects: [] }
      return end([{ type: 'terminate' }, { type: 'forget', ended: { name: state.name } }])
    case 'handed-over':
    case 'ended':
      return { state, effects: [] }
  }
}

function leave(state: ConnectionState, event: ConnectionEvent): Step {
  if (event.type === 'socket-closed') {
    return end([{ type: 'mark-dead' }, { type: 'forget', ended: { code: event.code } }])
  }
  if (event.type !== 'end-requested') return { state, effects: [] }
  const { name, retryAfterMs, goodbye } = event
  if (goodbye === 'pointless') {
    return end([{ type: 'mark-dead' }, { type: 'terminate' }, { type: 'forget', ended: { name } }])
  }
  return {
    state: { phase: 'ending', name },
    effects: [
      { type: 'mark-dead' },
      { type: 'send-advice', name, ...(retryAfterMs !== undefined && { retryAfterMs }) },
      { type: 'close', name },
      // A socket that was being asked about is paused, and its answer to the close frame must be read.
      { type: 'resume-reading' },
      { type: 'start-grace' },
    ],
  }
}

function end(effects: readonly ConnectionEffect[]): Step {
  return { state: { phase: 'ended' }, effects }
}
