// The swift half of live authority: events in order, kept for a while, so that a reader who was away catches up.
// Knows nothing of HTTP; a reader that missed more than is kept is told to ask about everything.

import type { AuthorityEvent, FeedLine } from '@sallyport/contracts/authority-event'

/** Where a reader left off. */
export type FeedPosition = { readonly epoch: string; readonly sequence: number }

export type AuthorityFeed = {
  /** Appends an event and hands it to every reader before it returns. */
  readonly publish: (event: AuthorityEvent) => void
  /**
   * Attaches a reader: `position` or `resync` first, then what was missed, then what happens.
   * Returns the way to detach.
   */
  readonly attach: (from: FeedPosition | undefined, read: (line: FeedLine) => void) => () => void
  readonly sequence: () => number
  readonly readers: () => number
}

type Numbered = AuthorityEvent & { readonly sequence: number }

/** A feed of one epoch that remembers its last `keep` events. */
export function createAuthorityFeed(epoch: string, keep: number): AuthorityFeed {
  const events: Numbered[] = []
  const readers = new Set<(line: FeedLine) => void>()
  let sequence = 0

  /** The events after a position, or undefined when they cannot all be told. */
  function missedSince(from: FeedPosition): Numbered[] | undefined {
    if (from.epoch !== epoch || from.sequence > sequence) return undefined
    const missed = sequence - from.sequence
    return missed > events.length ? undefined : events.slice(events.length - missed)
  }

  return {
    publish(event) {
      sequence += 1
      const line = { ...event, sequence }
      events.push(line)
      if (events.length > keep) events.shift()
      for (const read of readers) read(line)
    },
    attach(from, read) {
      const missed = from ? missedSince(from) : []
      if (missed) {
        read({ type: 'position', epoch, sequence: sequence - missed.length })
        for (const line of missed) read(line)
      } else {
        read({ type: 'resync', epoch, sequence })
      }
      readers.add(read)
      return () => readers.delete(read)
    },
    sequence: () => sequence,
    readers: () => readers.size,
  }
}
