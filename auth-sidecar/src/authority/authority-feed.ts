// The swift half of live authority: events in order, kept for a while, so that a reader who was away catches up.
// Knows nothing of HTTP and of no store; a reader that missed more than is kept is told to ask about everything.

import type { FeedLine, NumberedEvent } from '@sallyport/contracts/authority-event'
import type { AuthorityEventSink, FeedPosition } from './authority-store.ts'

export type { FeedPosition } from './authority-store.ts'

/** A backend that listens. */
export type FeedReader = {
  /** What it calls itself. */
  readonly node: string
  readonly read: (line: FeedLine) => void
  /** Nothing more comes: it must come again, and is told then what it missed. */
  readonly lost: () => void
}

export type AuthorityFeed = AuthorityEventSink & {
  /**
   * Attaches a reader: `position` or `resync` first, then what it missed, then what happens. Returns the way to detach;
   * undefined while nothing can be known.
   */
  readonly attach: (from: FeedPosition | undefined, reader: FeedReader) => (() => void) | undefined
  /** Tells present readers a line that has no number. */
  readonly announce: (line: FeedLine) => void
  /** Undefined while nothing can be known: then nobody may be told that all is well. */
  readonly position: () => FeedPosition | undefined
  readonly readers: () => readonly FeedReader[]
}

/** A feed that follows nothing yet, and remembers its last `keep` events. */
export function createAuthorityFeed(keep: number): AuthorityFeed {
  const readers = new Set<FeedReader>()
  let events: NumberedEvent[] = []
  let position: FeedPosition | undefined

  function tell(line: FeedLine): void {
    for (const reader of readers) {
      try {
        reader.read(line)
      } catch {
        // Whoever missed a line must not go on, and must not keep the others from theirs.
        readers.delete(reader)
        reader.lost()
      }
    }
  }

  function follow(next: FeedPosition): void {
    if (position?.epoch === next.epoch && position.sequence === next.sequence) return
    position = next
    events = []
    tell({ type: 'resync', ...next })
  }

  /** The events after a position, or undefined when they cannot all be told. */
  function missedSince(from: FeedPosition, at: FeedPosition): NumberedEvent[] | undefined {
    if (from.epoch !== at.epoch || from.sequence > at.sequence) return undefined
    const missed = at.sequence - from.sequence
    return missed > events.length ? undefined : events.slice(events.length - missed)
  }

  return {
    follow,
    append(event) {
      // One that is not ahead was told, or lies before where following began.
      if (!position || event.sequence <= position.sequence) return
      const next = { epoch: position.epoch, sequence: event.sequence }
      if (next.sequence > position.sequence + 1) {
        // What lies between was not told: this one is, and then that something was missed.
        tell(event)
        return follow(next)
      }
      position = next
      events.push(event)
      if (events.length > keep) events.shift()
      tell(event)
    },
    lose() {
      const left = [...readers]
      readers.clear()
      position = undefined
      events = []
      for (const reader of left) reader.lost()
    },
    attach(from, reader) {
      if (!position) return undefined
      const { epoch, sequence } = position
      const missed = from ? missedSince(from, position) : []
      if (missed) reader.read({ type: 'position', epoch, sequence: sequence - missed.length })
      else reader.read({ type: 'resync', epoch, sequence })
      for (const line of missed ?? []) reader.read(line)
      readers.add(reader)
      return () => void readers.delete(reader)
    },
    announce: tell,
    position: () => position,
    readers: () => [...readers],
  }
}
