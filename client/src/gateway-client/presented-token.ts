// The token of the current attempt, and the one an auth close has spent. The only holder of a token between
// asking for it and presenting it; it never becomes part of a state.

import type { ConnectionEvent, ConnectionState } from './connection-state.ts'
import type { RetryBounds } from './reconnect-policy.ts'
import { requestToken, type TokenAnswer } from './request-token.ts'
import type { GetToken } from './token-source.ts'

type PresentedToken = {
  readonly current: () => string
  /** Never presents the current token again. */
  readonly spend: () => void
  /** Asks for a token, reports the outcome, and answers how to stop waiting for it. */
  readonly ask: (
    waiting: Extract<ConnectionState, { phase: 'waiting-for-token' }>,
    retry: RetryBounds,
    report: (event: ConnectionEvent) => void,
  ) => () => void
}

type PresentedTokenDeps = { readonly getToken: GetToken; readonly random: () => number }

/** Starts without a token. */
export function createPresentedToken({ getToken, random }: PresentedTokenDeps): PresentedToken {
  let token = ''
  let spentToken: string | undefined
  return {
    current: () => token,
    spend() {
      spentToken = token
    },
    ask({ reason, attempt }, retry, report) {
      const question = new AbortController()
      const { signal } = question
      const take = async () => {
        const asked = { getToken, reason, signal, spentToken, attempt, retry, random }
        const answer = await requestToken(asked)
        if (signal.aborted) return
        if (answer.kind === 'ready') token = answer.token
        report(eventOf(answer))
      }
      void take()
      return () => question.abort()
    },
  }
}

function eventOf(answer: TokenAnswer): ConnectionEvent {
  return answer.kind === 'failed'
    ? { type: 'token-failed', delayMs: answer.delayMs }
    : { type: `token-${answer.kind}` }
}
