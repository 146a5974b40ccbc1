// What may still be sent to a reader, by what it has left unread. A full one misses events, or whoever publishes could
// end everybody who listens; only one that reads nothing for a while is given up. Answers are not missed: the rate of
// messages bounds them. Knows no socket and sends nothing.

import type { ConnectionLimits } from './connection-limits.ts'

/** `full`: no event for it now, answers still. `stalled`: it does not read. */
export type ReaderState = 'keeps-up' | 'full' | 'stalled'

type ReaderLimits = Pick<ConnectionLimits, 'maxBufferedBytes' | 'maxStalledMs'>

/**
 * Builds the judge of one reader; to be asked before everything that is sent, so that what is unread can only have
 * become less from one event to the next. `now` is a monotonic clock, in milliseconds.
 */
export function createReaderWatch(
  { maxBufferedBytes, maxStalledMs }: ReaderLimits,
  now: () => number,
): (bufferedBytes: number) => ReaderState {
  // Undefined while there is room.
  let full: { readonly bytes: number; readonly sinceMs: number } | undefined

  return function judge(bytes) {
    if (bytes <= maxBufferedBytes) {
      full = undefined
      return 'keeps-up'
    }
    const hasRead = full === undefined || bytes < full.bytes
    const sinceMs = full === undefined || hasRead ? now() : full.sinceMs
    full = { bytes, sinceMs }
    return now() - sinceMs < maxStalledMs ? 'full' : 'stalled'
  }
}
