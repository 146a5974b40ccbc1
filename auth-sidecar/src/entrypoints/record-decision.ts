// Every decided handshake leaves one line and one count, whichever listener decided it. Counts have labels of ours only.

import type { Denial } from '@sallyport/contracts/denials'
import type { PendingIdentity, StandingIdentity } from '@sallyport/contracts/identity'
import type { Result } from '@sallyport/contracts/result'
import type { Metrics } from '../metrics.ts'
import type { ConnectionLog } from './connection-log.ts'

/** What is recorded of a decision about a handshake, or about the first message of a pending one. */
export type RecordedDecision = {
  readonly outcome: Result<{ readonly identity: StandingIdentity | PendingIdentity }, Denial>
  readonly route?: string
  readonly clientAddress?: string | undefined
  readonly origin?: string | undefined
}

/** Records a decision that took `tookMs` milliseconds. */
export type DecisionRecorder = (
  decision: RecordedDecision,
  requestId: string,
  tookMs: number,
) => void

/** Builds the recorder. */
export function createDecisionRecorder(deps: {
  readonly metrics: Pick<Metrics, 'handshakes' | 'decisionSeconds'>
  readonly connectionLog: Pick<ConnectionLog, 'record'>
}): DecisionRecorder {
  return (decision, requestId, tookMs) => {
    deps.metrics.decisionSeconds.observe(tookMs / 1000)
    deps.metrics.handshakes.inc(labelsOf(decision.outcome))
    deps.connectionLog.record(decision, requestId)
  }
}

function labelsOf(outcome: RecordedDecision['outcome']) {
  if (!outcome.ok) return { outcome: outcome.error.code, reason: outcome.error.reason }
  const { identity } = outcome.value
  // Counted again when its first message is judged: as allowed or refused then.
  if (!('subject' in identity)) return { outcome: 'pending', reason: 'first-message' }
  return { outcome: 'allowed', reason: identity.way }
}
