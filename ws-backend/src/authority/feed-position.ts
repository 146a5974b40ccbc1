// What a feed line means to a reader, and where it leaves the reader. Pure. In doubt the outcome is `check-all`:
// asking about a good identity costs a question, missing a revoked one costs the product's promise.

import type { FeedLine } from '@sallyport/contracts/authority-event'

/** The last event that was applied; undefined before the first line of the first feed. */
export type FeedPosition = { readonly epoch: string; readonly sequence: number } | undefined

export type FeedOutcome =
  | { readonly type: 'nothing' }
  | { readonly type: 'check-all' }
  | { readonly type: 'session-ended'; readonly sessionId: string }

type Read = { readonly position: FeedPosition; readonly outcome: FeedOutcome }

const nothing: FeedOutcome = { type: 'nothing' }
const checkAll: FeedOutcome = { type: 'check-all' }

/** Applies a line to a position; the highest sequence of an event stays. */
export function readFeedLine(position: FeedPosition, line: FeedLine): Read {
  switch (line.type) {
    case 'position':
      // Missed events follow, so a known position moves with them and not ahead of them. Without one,
      // sockets that were accepted before the feed stood may have missed something.
      if (position && position.epoch === line.epoch) return { position, outcome: nothing }
      return { position: positionOf(line), outcome: checkAll }
    case 'resync':
      return { position: positionOf(line), outcome: checkAll }
    case 'session-ended':
      return {
        position: position && { ...position, sequence: Math.max(position.sequence, line.sequence) },
        outcome: { type: 'session-ended', sessionId: line.sessionId },
      }
    case 'alive':
      if (!position || position.sequence === line.sequence) return { position, outcome: nothing }
      // The feed counts differently than we do: something did not arrive.
      return { position: { ...position, sequence: line.sequence }, outcome: checkAll }
  }
}

function positionOf(line: { readonly epoch: string; readonly sequence: number }): FeedPosition {
  return { epoch: line.epoch, sequence: line.sequence }
}
