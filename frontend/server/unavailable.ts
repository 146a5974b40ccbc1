// The body that Traefik shows when something behind it is down, and one line of log about it. The id in the body stands
// in the answer's header, too: Traefik's access log keeps that beside path, router and service of the request.

import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { requestIdHeader } from '@sallyport/contracts/identity-headers'
import { problemAnswer } from '@sallyport/contracts/problem-document'
import type { Log } from '@sallyport/service-kit/log'

/** Where Traefik's `errors` middleware fetches its body from; `status` is what the gate met. */
export const unavailablePath = '/unavailable'

/** Tells of one such answer. */
export type ReportUnavailable = (outage: {
  readonly requestId: string
  /** 502: nobody listens there; 504: no answer in time; 500: the sidecar could not be asked. */
  readonly status: number | undefined
  readonly host: string | undefined
}) => void

const retryAfterSeconds = 2
const logIntervalMs = 1000

/** Answers 200 although the body says 503: Traefik sets the status and keeps these headers. */
export function answerUnavailable(
  request: IncomingMessage,
  response: ServerResponse,
  report: ReportUnavailable,
): void {
  const requestId = randomUUID()
  const [, digits] = /[?&]status=(\d{3})$/.exec(request.url ?? '') ?? []
  const status = digits === undefined ? undefined : Number(digits)
  report({ requestId, status, host: request.headers.host?.slice(0, 256) })
  const denial = { code: 'unavailable', reason: 'upstream-down', retryAfterSeconds } as const
  const problem = problemAnswer(denial, requestId)
  response.setHeader(requestIdHeader, requestId)
  response.writeHead(200, { ...problem.headers }).end(problem.body)
}

/** An outage meets every request: one line in this time says it as well as thousands; the rest are counted. */
export function createUnavailableLog(log: Pick<Log, 'warn'>, now: () => number): ReportUnavailable {
  let quietUntilMs = -Infinity
  let untold = 0
  return (outage) => {
    const nowMs = now()
    if (nowMs < quietUntilMs) {
      untold += 1
      return
    }
    log.warn(
      { ...outage, untold },
      'something behind Traefik is down: traefik-access.log names path and router by this requestId',
    )
    quietUntilMs = nowMs + logIntervalMs
    untold = 0
  }
}
