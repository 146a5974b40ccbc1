// The questions of backends and what each answer rests on: "are these still good?", "whose token is this?", "may this
// token go on under this socket?", and the answer to a question of ours, "these are my sockets". Knows no stream.

import { randomUUID } from 'node:crypto'
import {
  type AppliedReport,
  type AuthenticateRequest,
  appliedReportSchema,
  authenticateRequestSchema,
  type ConnectionsAnswer,
  checkRequestSchema,
  connectionsAnswerSchema,
  internalPaths,
  maxIdentitiesPerCheck,
  maxListedConnections,
  type RefreshRequest,
  refreshRequestSchema,
} from '@sallyport/contracts/authority-questions'
import { maxIdentityBytes } from '@sallyport/contracts/identity-schema'
import { err, ok, type Result } from '@sallyport/contracts/result'
import type { Log } from '@sallyport/service-kit/log'
import { type CheckDeps, checkIdentities } from '../authority/check-identities.ts'
import {
  type AuthenticateDeps,
  authenticateAnswer,
  authenticatePending,
} from '../handshake/authenticate-pending.ts'
import { type RefreshDeps, refreshAnswer, refreshIdentity } from '../handshake/refresh-identity.ts'
import type { Metrics } from '../metrics.ts'
import type { FailClosed } from './fail-closed.ts'
import type { FeedHolders } from './feed-holders.ts'
import type { DecisionRecorder } from './record-decision.ts'
import type { Question } from './serve-question.ts'

export type QuestionDeps = Omit<CheckDeps, 'onUnknown'> &
  AuthenticateDeps &
  RefreshDeps & {
    /** Takes what a node says of its sockets; nobody may have asked. */
    readonly listings: { readonly receive: (answer: ConnectionsAnswer) => void }
    /** Takes how far a node has applied what it was told. */
    readonly applied: (report: AppliedReport) => void
    readonly log: Log
    readonly metrics: Pick<Metrics, 'refreshes'>
    readonly record: DecisionRecorder
    readonly failClosed: Pick<FailClosed, 'decide' | 'within' | 'reportOutage'>
    readonly holders: Pick<FeedHolders, 'holds'>
  }

/** Room for as many identities of the longest form as a check may name, and for what stands between them. */
const maxCheckBytes = maxIdentitiesPerCheck * (maxIdentityBytes + 64) + 1024

/** Room for the longest token and what stands beside it. */
const maxAuthenticateBytes = 16 * 1024

/** And for an identity of the longest form. */
const maxRefreshBytes = maxAuthenticateBytes + maxIdentityBytes

/** Room for as many sockets as a node may name; of each there is less than its identity and what was not in it. */
const maxConnectionsBytes = maxListedConnections * (maxIdentityBytes + 512) + 1024

/** The questions by method and path. */
export function createQuestions(deps: QuestionDeps): ReadonlyMap<string, Question> {
  const { within, reportOutage } = deps.failClosed
  const checking = { ...deps, onUnknown: reportOutage }
  const check: Question = {
    maxBytes: maxCheckBytes,
    async answer(body) {
      const { data } = checkRequestSchema.safeParse(body)
      if (!data) return err(400)
      return ok({ verdicts: await within(checkIdentities(data, checking)) })
    },
  }
  const authenticate: Question = {
    maxBytes: maxAuthenticateBytes,
    async answer(body) {
      const { data } = authenticateRequestSchema.safeParse(body)
      return data ? answerFirstMessage(data, deps) : err(400)
    },
  }
  const refresh: Question = {
    maxBytes: maxRefreshBytes,
    async answer(body) {
      const { data } = refreshRequestSchema.safeParse(body)
      return data ? answerRefresh(data, deps) : err(400)
    },
  }
  const connections: Question = {
    maxBytes: maxConnectionsBytes,
    async answer(body) {
      const { data } = connectionsAnswerSchema.safeParse(body)
      if (!data) return err(400)
      deps.listings.receive(data)
      return ok({})
    },
  }
  const applied: Question = {
    maxBytes: 1024,
    async answer(body, session) {
      const { data } = appliedReportSchema.safeParse(body)
      if (!data) return err(400)
      // Any backend could say it in another's name, and whoever waits for that one would be answered too early. No
      // refusal: the feed may have ended while the report was under way.
      if (deps.holders.holds(session, data.node)) deps.applied(data)
      else deps.log.debug({ node: data.node }, 'a report of a node whose feed is not read there')
      return ok({})
    },
  }
  return new Map([
    [`POST ${internalPaths.check}`, check],
    [`POST ${internalPaths.authenticate}`, authenticate],
    [`POST ${internalPaths.refresh}`, refresh],
    [`POST ${internalPaths.connections}`, connections],
    [`POST ${internalPaths.applied}`, applied],
  ])
}

async function answerFirstMessage(
  request: AuthenticateRequest,
  deps: QuestionDeps,
): Promise<Result<object, 503>> {
  const { clientAddress, origin } = request
  const requestId = randomUUID()
  const startedAtMs = performance.now()
  const deciding = authenticatePending(request, deps)
  const decision = await deps.failClosed.decide(deciding, { clientAddress, origin }, requestId)
  deps.record(decision, requestId, performance.now() - startedAtMs)
  const { outcome } = decision
  // No close for it: the backend knows best what a socket is told when its sidecar cannot say.
  if (!outcome.ok && outcome.error.code === 'unavailable') return err(503)
  return ok(authenticateAnswer(outcome))
}

/** No line at info: every live socket asks this again and again. */
async function answerRefresh(
  request: RefreshRequest,
  deps: QuestionDeps,
): Promise<Result<object, never>> {
  const { log, metrics } = deps
  const { subject, sessionId } = request.identity
  try {
    const decision = await deps.failClosed.within(refreshIdentity(request, deps))
    const answer = refreshAnswer(decision)
    const reason = decision.ok ? 'token' : decision.error.reason
    metrics.refreshes.inc({ outcome: answer.outcome, reason })
    log.debug(
      { subject, sessionId, outcome: answer.outcome, reason },
      'a new token of a live socket was judged',
    )
    return ok(answer)
  } catch (error) {
    metrics.refreshes.inc({ outcome: 'unavailable', reason: 'outage' })
    throw error
  }
}
