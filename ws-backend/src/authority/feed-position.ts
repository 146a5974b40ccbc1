// What a feed line means to a reader, and where it leaves the reader. Pure. In doubt the outcome is to ask:
// asking about a good identity costs a question, missing a revoked one costs the product's promise.

import type { FeedLine } from '@sallyport/contracts/authority-event'

/** A place in the sequence of events; undefined before the first line of the first feed. */
export type FeedPosition = { readonly epoch: string; readonly sequence: number } | undefined

/** What one feed said so far. */
export type FeedState = {
  /** The last event that was applied. */
  readonly position: FeedPosition
  /** Of the policy in force at its sidecar; undefined until it was told. */
  readonly policyDigest: string | undefined
  /** It was opened where it had left off, and did not say yet that what was missed is told. */
  readonly isCatchingUp: boolean
}

export const unheardFeed: FeedState = {
  position: undefined,
  policyDigest: undefined,
  isCatchingUp: false,
}

type Told<Type extends FeedLine['type']> = Extract<FeedLine, { readonly type: Type }>

/** An operator's question, as a feed tells it. */
export type ListQuestion = Told<'list-connections'>

export type FeedOutcome =
  | { readonly type: 'check-all' }
  | Told<'session-ended' | 'subject-ended' | 'token-revoked'>
  | Told<'session-extended' | 'connection-ended' | 'list-connections'>
  /**
   * A subject was ended at a time that is over. Whoever came back since has authority again, and only the sidecar can
   * tell them from those that were meant: ask about them.
   */
  | (Pick<Told<'subject-ended'>, 'issuer' | 'subject' | 'marginMs'> & {
      readonly type: 'subject-doubted'
    })

/** `outcomes` are in the order in which to apply them; `seen` is the furthest that any feed has told of. */
type Read = {
  readonly state: FeedState
  readonly seen: FeedPosition
  readonly outcomes: readonly FeedOutcome[]
}

const checkAll: FeedOutcome = { type: 'check-all' }

/**
 * Applies a line of one feed to what it said before. `seen` is shared by all feeds of one store: an event is news in
 * the feed that tells it first, and is applied again when others tell it.
 */
export function readFeedLine(state: FeedState, line: FeedLine, seen: FeedPosition): Read {
  const { position, policyDigest } = state
  switch (line.type) {
    case 'position':
      // Missed events follow, so a known position moves with them and not ahead of them. Without one,
      // sockets that were accepted before the feed stood may have missed something.
      if (position && position.epoch === line.epoch) {
        const catchingUp = { ...state, isCatchingUp: true }
        return { state: catchingUp, seen: furthest(seen, line), outcomes: [] }
      }
      return moved(state, line, seen)
    case 'resync':
      return moved(state, line, seen)
    case 'alive':
      if (!position || position.sequence === line.sequence) {
        return { state: { ...state, isCatchingUp: false }, seen, outcomes: [] }
      }
      // The feed counts differently than we do: something did not arrive.
      return moved(state, { epoch: position.epoch, sequence: line.sequence }, seen)
    case 'policy': {
      const isSame = policyDigest === line.digest
      const next = { ...state, policyDigest: line.digest }
      return { state: next, seen, outcomes: isSame ? [] : [checkAll] }
    }
    case 'list-connections':
      return { state, seen, outcomes: [line] }
    case 'session-ended':
    case 'subject-ended':
    case 'token-revoked':
    case 'check-all':
    case 'session-extended':
    case 'connection-ended':
      return readEvent(state, line, seen)
  }
}

type Event = Exclude<
  FeedLine,
  Told<'position' | 'resync' | 'alive' | 'policy' | 'list-connections'>
>

function readEvent(state: FeedState, event: Event, seen: FeedPosition): Read {
  const { position } = state
  const at = position && { epoch: position.epoch, sequence: event.sequence }
  const outcome = outcomeOf(event, !state.isCatchingUp && isNews(at, seen))
  if (!position || !at) return { state, seen, outcomes: [outcome] }
  // An event before this one did not arrive. What this one says is done first: it is known.
  const isGap = event.sequence > position.sequence + 1
  return {
    state: { ...state, position: furthest(position, at) },
    seen: furthest(seen, at),
    outcomes: isGap && outcome.type !== 'check-all' ? [outcome, checkAll] : [outcome],
  }
}

function outcomeOf(event: Event, isNew: boolean): FeedOutcome {
  if (event.type === 'check-all') return checkAll
  // A session, a token and a connection that ended do not come back; a subject does.
  if (event.type !== 'subject-ended' || isNew) return event
  const { issuer, subject, marginMs } = event
  return {
    type: 'subject-doubted',
    issuer,
    subject,
    ...(marginMs !== undefined && { marginMs }),
  }
}

function isNews(at: FeedPosition, seen: FeedPosition): boolean {
  return !at || !seen || seen.epoch !== at.epoch || at.sequence > seen.sequence
}

/** What lies between is not told any more. */
function moved(state: FeedState, to: NonNullable<FeedPosition>, seen: FeedPosition): Read {
  const position = { epoch: to.epoch, sequence: to.sequence }
  const next = { ...state, position, isCatchingUp: false }
  return { state: next, seen: furthest(seen, to), outcomes: [checkAll] }
}

/** Places in different epochs cannot be compared: the one that was told last counts. */
function furthest(known: FeedPosition, told: NonNullable<FeedPosition>): FeedPosition {
  if (known && known.epoch === told.epoch && known.sequence >= told.sequence) return known
  return { epoch: told.epoch, sequence: told.sequence }
}
