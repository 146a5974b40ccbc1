// One question to `getToken`, its four outcomes as values. The token itself never becomes part of an event.

import { backoffDelayMs, type RetryBounds } from './reconnect-policy.ts'
import {
  type GetToken,
  type TokenRequest,
  TokenUnavailableError,
  UnauthorizedError,
} from './token-source.ts'
import { isUsableToken } from './usable-token.ts'

export type TokenAnswer =
  | { readonly kind: 'ready'; readonly token: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'denied' }
  | { readonly kind: 'failed'; readonly delayMs: number }

export type TokenQuestion = TokenRequest & {
  readonly getToken: GetToken
  /** The token an auth close has spent: it is never presented again. */
  readonly spentToken: string | undefined
  readonly attempt: number
  readonly retry: RetryBounds
  readonly random: () => number
}

/** Asks once; never throws. A failure says how long to wait before the next question, in milliseconds. */
export async function requestToken(question: TokenQuestion): Promise<TokenAnswer> {
  const { reason, signal, spentToken } = question
  try {
    const token = await question.getToken({ reason, signal })
    if (!isUsableToken(token)) return { kind: 'missing' }
    return token === spentToken ? { kind: 'denied' } : { kind: 'ready', token }
  } catch (error) {
    if (error instanceof UnauthorizedError) return { kind: 'denied' }
    const { attempt, retry } = question
    const retryAfterMs = error instanceof TokenUnavailableError ? error.retryAfterMs : undefined
    const random = question.random()
    return { kind: 'failed', delayMs: backoffDelayMs({ attempt, retry, retryAfterMs, random }) }
  }
}
