// Notices that a feed has fallen silent. Knows no line and cuts nothing itself.

import { maxFeedSilenceMs } from '@sallyport/contracts/authority-event'

/** A watchdog that is this late was kept from barking, as the reader was from reading. */
const lateMs = 1000

type FeedWatchdogDeps = {
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number
  readonly onSilence: () => void
}

/** Builds it; it watches from the first `heard` on. */
export function createFeedWatchdog({ now, onSilence }: FeedWatchdogDeps) {
  let timer: NodeJS.Timeout | undefined
  return {
    heard(): void {
      clearTimeout(timer)
      const dueAtMs = now() + maxFeedSilenceMs
      timer = setTimeout(() => {
        if (now() - dueAtMs <= lateMs) return onSilence()
        // This process stood still: what the feed said meanwhile lies unread perhaps, and is read before the next timer.
        timer = setTimeout(onSilence, lateMs)
      }, maxFeedSilenceMs)
    },
    stop: (): void => clearTimeout(timer),
  }
}
