// `auth.refresh` on a live socket: one question at a time, so many a minute. Whatever comes of it is an answer to the
// message and never an end: the old authority goes on until it is over. Keeps no token beyond the question.

import type { RefreshAnswer, RefreshRequest } from '@sallyport/contracts/authority-questions'
import type { Identity } from '@sallyport/contracts/identity'
import type { MessageErrorCode } from '@sallyport/contracts/messages/message-errors'
import type { ServerMessage } from '@sallyport/contracts/messages/server-message'
import type { Result } from '@sallyport/contracts/result'
import type { Log } from '@sallyport/service-kit/log'
import { printableText } from '@sallyport/service-kit/log-text'
import { askedIdentity } from '../authority/asked-identity.ts'
import type { RefreshMessage } from './connection-types.ts'
import { createWindowLimit } from './inbound-limits.ts'
import { authOkMessage, errorMessage } from './outbound-messages.ts'

/** What is renewed. */
export type RenewableAuthority = {
  readonly identity: () => Identity
  /** 0 or more; Infinity when it never ends. */
  readonly remainingMs: () => number
  /** Goes on under another identity of the same person, until `deadlineMs`; yields the channels that were lost. */
  readonly adopt: (
    identity: Identity,
    deadlineMs: number,
  ) => Result<readonly string[], MessageErrorCode>
}

type RefreshDeps = {
  readonly connectionId: string
  readonly maxPerMinute: number
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number
  /** Throws when there is no trustworthy answer. */
  readonly ask: (request: RefreshRequest) => Promise<RefreshAnswer>
  readonly authority: RenewableAuthority
  /** Is the socket neither dead nor overdue? */
  readonly goesOn: () => boolean
  /** Drops what cannot be sent now. */
  readonly reply: (message: ServerMessage) => void
  readonly log: Log
}

const minuteMs = 60_000

/** Builds what answers the `auth.refresh` of one socket; what it returns rejects for nothing but a bug. */
export function createIdentityRefresh(
  deps: RefreshDeps,
): (message: RefreshMessage) => Promise<void> {
  const { connectionId, authority, reply, log } = deps
  const mayAsk = createWindowLimit(deps.maxPerMinute, minuteMs, deps.now)
  let isAsking = false

  async function ask(token: string): Promise<RefreshAnswer | undefined> {
    isAsking = true
    try {
      return await deps.ask({ token, identity: askedIdentity(authority.identity()) })
    } catch (error) {
      log.warn({ err: error, connectionId }, 'a refresh could not be judged')
      return undefined
    } finally {
      isAsking = false
    }
  }

  function refuse(code: MessageErrorCode, id: string | undefined): void {
    reply(errorMessage(code, id))
  }

  return async function refresh({ token, id }) {
    if (isAsking || !mayAsk()) return refuse('rate-limited', id)
    const askedAtMs = deps.now()
    const answer = await ask(token)
    // It may have ended meanwhile: then the answer is nobody's any more.
    if (!deps.goesOn()) return
    if (!answer) return refuse('refresh-unavailable', id)
    if (answer.outcome === 'refused') {
      log.warn({ granted: false, reason: answer.fault, connectionId }, 'a refresh is refused')
      return refuse('refresh-refused', id)
    }
    if (answer.outcome === 'unchanged') return reply(authOkMessage(authority.remainingMs(), [], id))
    const { identity } = answer
    const adopted = authority.adopt(identity, askedAtMs + identity.ttlMs)
    if (!adopted.ok) {
      log.warn(
        { granted: false, reason: adopted.error, connectionId },
        'a refreshed identity is not taken over',
      )
      return refuse(adopted.error, id)
    }
    const sessionId = printableText(identity.sessionId)
    log.info({ connectionId, sessionId }, 'a socket goes on with a new token')
    reply(authOkMessage(authority.remainingMs(), adopted.value, id))
  }
}
