// The life of a connection as data: [pending → authenticating →] checking → live → [dead →] ending → ended. Pure; what
// has to be done is returned as effects in the order in which to do it. The phase leaves `live` before any effect of
// the ending runs.

import type { CloseName } from '@sallyport/contracts/close-codes'
import type { Identity } from '@sallyport/contracts/identity'

/** How it ends: what the advice and the close frame say. */
export type Ending = {
  readonly name: CloseName
  readonly retryAfterMs?: number
  /** An operator ended it: its credential stays good. */
  readonly byOperator?: true
}

/** `pointless`: the peer does not read, or too much is queued before the goodbye. */
type GoodbyeChance = 'possible' | 'pointless'

/** `dead` and `ending` remember why, for the log and the metric. */
export type ConnectionState =
  /** Nobody is behind it yet: one message is waited for, `authenticate`. */
  | { readonly phase: 'pending' }
  /** The sidecar is asked whose token it is; nothing is read meanwhile. */
  | { readonly phase: 'authenticating' }
  /** Somebody is behind it: another life, which began as `checking`, goes on with the socket. */
  | { readonly phase: 'handed-over' }
  | { readonly phase: 'checking' }
  | { readonly phase: 'live' }
  /** Nothing is handled or sent any more; the goodbye is still to be said. */
  | { readonly phase: 'dead'; readonly ending: Ending }
  | { readonly phase: 'ending'; readonly ending: Ending }
  | { readonly phase: 'ended' }

export type ConnectionEvent =
  /** The first message was an `authenticate`. */
  | { readonly type: 'token-received'; readonly token: string }
  | { readonly type: 'authenticated'; readonly identity: Identity }
  /** The sidecar said, after the registration, that the identity is good. */
  | { readonly type: 'confirmed' }
  | { readonly type: 'end-requested'; readonly ending: Ending; readonly goodbye: GoodbyeChance }
  /** To end with many others: all of them die first, then each is told. */
  | { readonly type: 'mark-requested'; readonly ending: Ending }
  /** `graceMs` counts from the mark. */
  | {
      readonly type: 'goodbye-requested'
      readonly goodbye: GoodbyeChance
      readonly graceMs: number
    }
  /** The transport is gone; `code` is what the peer said, or 1006. */
  | { readonly type: 'socket-closed'; readonly code: number }
  | { readonly type: 'grace-elapsed' }

/** Who ended it: we, by a name of the registry, or the peer, with a code. */
export type EndedBy = Ending | { readonly code: number }

export type ConnectionEffect =
  | { readonly type: 'pause-reading' }
  | { readonly type: 'authenticate'; readonly token: string }
  | { readonly type: 'hand-over'; readonly identity: Identity }
  | { readonly type: 'send-welcome' }
  /** What arrived behind the first message, in order. */
  | { readonly type: 'handle-early' }
  | { readonly type: 'resume-reading' }
  /** Stop every timer, give its place back, leave every channel. */
  | { readonly type: 'leave' }
  | { readonly type: 'send-advice'; readonly ending: Ending }
  | { readonly type: 'close'; readonly ending: Ending }
  | { readonly type: 'start-grace' }
  /** It ends so long after it was started. */
  | { readonly type: 'set-grace'; readonly graceMs: number }
  | { readonly type: 'terminate' }
  /** The last effect of every life: leave the registry, log once. */
  | { readonly type: 'forget'; readonly ended: EndedBy }

type DeadState = Extract<ConnectionState, { readonly phase: 'dead' }>

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
    case 'dead':
      return leaveDead(state, event)
    case 'ending':
      if (event.type === 'socket-closed') return end([{ type: 'forget', ended: state.ending }])
      if (event.type !== 'grace-elapsed') return { state, effects: [] }
      return end([{ type: 'terminate' }, { type: 'forget', ended: state.ending }])
    case 'handed-over':
    case 'ended':
      return { state, effects: [] }
  }
}

function leave(state: ConnectionState, event: ConnectionEvent): Step {
  if (event.type === 'socket-closed') {
    return end([{ type: 'leave' }, { type: 'forget', ended: { code: event.code } }])
  }
  if (event.type === 'mark-requested') {
    // As little as can be, because thousands may be marked in one go. The grace runs already: the cut does not wait
    // for a goodbye that is late, or never said.
    const { ending } = event
    return { state: { phase: 'dead', ending }, effects: [{ type: 'start-grace' }] }
  }
  if (event.type !== 'end-requested') return { state, effects: [] }
  const { ending } = event
  if (event.goodbye === 'pointless') return cut(ending)
  return sayGoodbye(ending, { type: 'start-grace' })
}

/** What follows for a connection that was marked dead. */
function leaveDead(state: DeadState, event: ConnectionEvent): Step {
  const { ending } = state
  if (event.type === 'socket-closed') {
    return end([{ type: 'leave' }, { type: 'forget', ended: ending }])
  }
  if (event.type === 'grace-elapsed') return cut(ending)
  if (event.type !== 'goodbye-requested') return { state, effects: [] }
  const { goodbye, graceMs } = event
  if (goodbye === 'pointless') return cut(ending)
  return sayGoodbye(ending, { type: 'set-grace', graceMs })
}

function sayGoodbye(ending: Ending, grace: ConnectionEffect): Step {
  return {
    state: { phase: 'ending', ending },
    effects: [
      { type: 'leave' },
      { type: 'send-advice', ending },
      { type: 'close', ending },
      // A socket that was being asked about is paused, and its answer to the close frame must be read.
      { type: 'resume-reading' },
      grace,
    ],
  }
}

function cut(ending: Ending): Step {
  return end([{ type: 'leave' }, { type: 'terminate' }, { type: 'forget', ended: ending }])
}

function end(effects: readonly ConnectionEffect[]): Step {
  return { state: { phase: 'ended' }, effects }
}
