// The token a connection rests on, the one it may go on with, and the one an auth close has spent. The only holder of
// a token between asking for it and presenting it; it never becomes part of a state.

import type { ConnectionEvent, ConnectionState } from './connection-state.ts'
import type { RetryBounds } from './reconnect-policy.ts'
import { requestToken, type TokenAnswer, type TokenQuestion } from './request-token.ts'
import type { GetToken } from './token-source.ts'

export type PresentedToken = {
  readonly current: () => string
  /** Never presents the current token again. */
  readonly spend: () => void
  /** Asks for a token, reports the outcome, and answers how to stop waiting for it. */
  readonly ask: (
    waiting: Extract<ConnectionState, { phase: 'waiting-for-token' }>,
    retry: RetryBounds,
    report: (event: ConnectionEvent) => void,
  ) => () => void
  /** Asks for another token to go on with; `same` when there is none. The current one stays until `adopt`. */
  readonly askAnother: (retry: RetryBounds, report: (answer: AnotherToken) => void) => () => void
  /** What `askAnother` found. */
  readonly candidate: () => string
  /** The connection rests on the candidate now. */
  readonly adopt: () => void
}

/** What came of asking for another token than the current one; a failure says how long to wait, in milliseconds. */
export type AnotherToken =
  | { readonly kind: 'ready' | 'same' | 'denied' }
  | { readonly kind: 'failed'; readonly delayMs: number }

type PresentedTokenDeps = { readonly getToken: GetToken; readonly random: () => number }

/** Starts without a token. */
export function createPresentedToken({ getToken, random }: PresentedTokenDeps): PresentedToken {
  let token = ''
  let candidate = ''
  let spentToken: string | undefined
  return {
    current: () => token,
    spend() {
      spentToken = token
    },
    ask({ reason, attempt }, retry, report) {
      const asked = { getToken, reason, spentToken, attempt, retry, random }
      return takeAnswer(asked, (answer) => {
        if (answer.kind === 'ready') token = answer.token
        report(eventOf(answer))
      })
    },
    askAnother(retry, report) {
      const reason = 'refresh'
      const asked = { getToken, reason, spentToken: undefined, attempt: 0, retry, random } as const
      return takeAnswer(asked, (answer) => {
        if (answer.kind === 'failed' || answer.kind === 'denied') return report(answer)
        if (answer.kind === 'missing' || answer.token === token) return report({ kind: 'same' })
        candidate = answer.token
        report({ kind: 'ready' })
      })
    },
    candidate: () => candidate,
    adopt() {
      token = candidate
    },
  }
}

/** Reports the answer unless it was stopped meanwhile. */
function takeAnswer(
  asked: Omit<TokenQuestion, 'signal'>,
  report: (answer: TokenAnswer) => void,
): () => void {
  const question = new AbortController()
  const { signal } = question
  const take = async () => {
    const answer = await requestToken({ ...asked, signal })
    if (!signal.aborted) report(answer)
  }
  void take()
  return () => question.abort()
}

function eventOf(answer: TokenAnswer): ConnectionEvent {
  return answer.kind === 'failed'
    ? { type: 'token-failed', delayMs: answer.delayMs }
    : { type: `token-${answer.kind}` }
}
