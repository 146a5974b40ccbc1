// Tells a sidecar how far its events were applied, so that whoever ended an authority is answered when it has ended
// here. One report at a time; what happened meanwhile is in the next. A report that is lost costs the asker a moment.

import { type AppliedReport, internalPaths } from '@sallyport/contracts/authority-questions'
import type { FeedPosition } from './feed-position.ts'
import type { AuthorityTransport } from './http2-transport.ts'

/** Whoever waits for it has given up long before. */
const deadlineMs = 2000

/** Builds the reporter of one feed. */
export function createAcknowledger(node: string, transport: Pick<AuthorityTransport, 'post'>) {
  let reached: FeedPosition
  let told: FeedPosition
  let isTelling = false

  async function tell(): Promise<void> {
    isTelling = true
    while (reached && reached !== told) {
      told = reached
      const report: AppliedReport = { node, ...told }
      await transport
        .post(internalPaths.applied, JSON.stringify(report), deadlineMs)
        .catch(() => {}) // the feed says by itself when the sidecar is gone
    }
    isTelling = false
  }

  return (position: FeedPosition): void => {
    reached = position
    if (!isTelling) void tell()
  }
}
