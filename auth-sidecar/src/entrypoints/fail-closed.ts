// What a listener answers when a decision could not be made: a refusal as of any other handshake, counted and logged
// like one. The outage itself is told now and then. It decides nothing, and knows no listener.

import { refuse } from '@sallyport/contracts/denials'
import type { Log } from '@sallyport/service-kit/log'
import { createDeadline } from '../handshake/deadline.ts'
import { createOutageReport, type ReportOutage } from './outage-report.ts'

/** What nobody expected is told once in this time; how many decisions it costs is counted. */
const unexpectedLogIntervalMs = 1000

/** Within this, and a quarter of it, there is a decision or a refusal. */
const decisionDeadlineMs = 2000

/** What is known of the request whatever happens to its decision. */
export type FailingRequest = {
  readonly route?: string
  readonly clientAddress?: string
  readonly origin?: string | undefined
}

/** The refusal that stands for a decision. */
export type FailedClosed = FailingRequest & { readonly outcome: ReturnType<typeof refuse> }

export type FailClosed = {
  /** The decision, or `unavailable` when it rejects or takes too long. */
  readonly decide: <Decided>(
    decision: Promise<Decided>,
    request: FailingRequest,
    requestId: string,
  ) => Promise<Decided | FailedClosed>
  /** The same for work that is no decision about anybody: rejects, also when it takes too long. */
  readonly within: <Done>(work: Promise<Done>) => Promise<Done>
  readonly reportOutage: ReportOutage
  readonly close: () => void
}

/** Builds it for one listener; `told` is what its log says of an outage. */
export function createFailClosed(log: Log, told: string): FailClosed {
  const { within, close } = createDeadline(decisionDeadlineMs)
  const reportOutage = createOutageReport(log, told, unexpectedLogIntervalMs)
  return {
    async decide(decision, request, requestId) {
      try {
        return await within(decision)
      } catch (error) {
        reportOutage(error, requestId)
        const outcome = refuse('unavailable', 'outage', { retryAfterSeconds: 2 })
        return { ...request, outcome }
      }
    },
    within,
    reportOutage,
    close,
  }
}
