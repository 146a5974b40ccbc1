// What a reply of the stream of events means to a follower that stands at some place: which events to deliver, and
// whether it has seen everything. Pure. Trusts no entry but by its signature, and no number but in a row.

import type { NumberedEvent } from '@sallyport/contracts/authority-event'
import type { FeedPosition } from '../authority/authority-store.ts'
import type { EventSigner } from './signed-event.ts'

/** Where a follower stands, and the line it read there when it knows it. */
export type Cursor = FeedPosition & { readonly line?: string | undefined }

export type StreamEntry = { readonly id: string; readonly line: string }

/** What was read: from `asked` on, that place included, a page at most. */
export type StreamPage = {
  /** The cursor at the moment of asking. */
  readonly asked: Cursor
  /** The last place there was at the moment of reading. */
  readonly head: Cursor
  readonly entries: readonly StreamEntry[]
  readonly isFull: boolean
}

export type StreamReading = {
  /** In order, without a hole, from where the follower stands now. */
  readonly delivered: readonly { readonly event: NumberedEvent; readonly line: string }[]
  /** Ids of entries that no sidecar wrote. */
  readonly forgedIds: readonly string[]
  /**
   * `done`: it stands at the head. `more`: ask for the next page. `resync`: something between cannot be told any more.
   * `forked`: this is not the history that was read before.
   */
  readonly next: 'done' | 'more' | 'resync' | 'forked'
}

/** Reads a page; `at` is the number of the last event that was delivered, which may be later than when it was asked. */
export function readStream(page: StreamPage, at: number, signer: EventSigner): StreamReading {
  const { asked, head, entries, isFull } = page
  const delivered: { event: NumberedEvent; line: string }[] = []
  const forgedIds: string[] = []
  const reading = (next: StreamReading['next']) => ({ delivered, forgedIds, next })
  let last = at
  if (isOtherLine(asked, head.sequence, head.line)) return reading('forked')

  for (const { id, line } of entries) {
    const signed = signer.open(line)
    const isGenuine = signed?.epoch === head.epoch && id === `${signed.event.sequence}-0`
    if (!isGenuine) {
      forgedIds.push(id)
      continue
    }
    const { event } = signed
    // Written by one of us, and yet beyond the end.
    const isBeyond = event.sequence > head.sequence
    if (isBeyond || isOtherLine(asked, event.sequence, line)) return reading('forked')
    if (event.sequence <= last) continue
    if (event.sequence !== last + 1) return reading('resync')
    delivered.push({ event, line })
    last = event.sequence
  }
  if (last >= head.sequence) return reading('done')
  return reading(isFull && delivered.length > 0 ? 'more' : 'resync')
}

/** Not what was read at this place before: it is the history of another Redis. */
function isOtherLine(asked: Cursor, sequence: number, line: string | undefined): boolean {
  const isComparable = asked.line !== undefined && line !== undefined
  return isComparable && sequence === asked.sequence && line !== asked.line
}
