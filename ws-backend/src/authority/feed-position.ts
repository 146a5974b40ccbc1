// What a feed line means to a reader, and where it leaves the reader. Pure. In doubt the outcome is `check-all`:
// asking about a good identity costs a question, missing a revoked one costs the product's promise.

import type { FeedLine } from '@sallyport/contracts/authority-event'

/** The last event that was applied; undefined before the first line of the first feed. */
export type FeedPosition = { readonly epoch: string; readonly sequence: number } | undefined

export type FeedOutcome =
  | { readonly type: 'check-all' }
  | { readonly type: 'session-ended'; readonly sessionId: string }

/** `outcomes` are in the order in which to apply them. */
type Read = { readonly position: FeedPosition; readonly outcomes: readonly FeedOutcome[] }

const checkAll: FeedOutcome = { type: 'check-all' }

/** Applies a line to a position; the highest sequence of an event stays. */
export function readFeedLine(position: FeedPosition, line: FeedLine): Read {
  switch (line.type) {
    case 'position':
      // Missed events follow, so a known position moves with them and not ahead of them. Without one,
      // sockets that were accepted before the feed stood may have missed something.
      if (position && position.epoch === line.epoch) return { position, outcomes: [] }
      return { position: positionOf(line), outcomes: [checkAll] }
    case 'resync':
      return { position: positionOf(line), outcomes: [checkAll] }
    case 'session-ended':
      return readEvent(position, line, { type: 'session-ended', sessionId: line.sessionId })
    case 'policy-changed':
      return readEvent(position, line, checkAll)
    case 'alive':
      if (!position || position.sequence === line.sequence) return { position, outcomes: [] }
      // The feed counts differently than we do: something did not arrive.
      return { position: { ...position, sequence: line.sequence }, outcomes: [checkAll] }
  }
}

function readEvent(position: FeedPosition, line: FeedLine, outcome: FeedOutcome): Read {
  if (!position) return { position, outcomes: [outcome] }
  // An event before this one did not arrive. What this one says is done first: it is known.
  const isGap = line.sequence > position.sequence + 1
  return {
    position: { ...position, sequence: Math.max(position.sequence, line.sequence) },
    outcomes: isGap && outcome !== checkAll ? [outcome, checkAll] : [outcome],
  }
}

function positionOf(line: { readonly epoch: string; readonly sequence: number }): FeedPosition {
  return { epoch: line.epoch, sequence: line.sequence }
}
