// What went wrong, for programs (type, retryable) and for people (one plain sentence). Pure: what a close code
// is stands in the contracts' registry. Must not reconnect or redirect by itself.

import { closeCodeOf, closeCodes } from '@sallyport/contracts/close-codes'
import { authenticationDetails, denials } from '@sallyport/contracts/denials'
import type { ServerMessage } from '@sallyport/contracts/messages/server-message'
import type { ConnectionState } from '../gateway-client/connection-state.ts'
import { TokenUnavailableError, UnauthorizedError } from '../gateway-client/token-source.ts'

/** Who has to act: `auth` = sign in, `connection` and `server` = wait, `unknown` = tell somebody. */
export type WebSocketErrorType = 'auth' | 'connection' | 'server' | 'unknown'

export type WebSocketError = {
  readonly type: WebSocketErrorType
  /** The close code; absent when no socket was involved. */
  readonly code?: number
  readonly retryable: boolean
  /** An operator ended the connection; it comes back by itself. */
  readonly byOperator?: true
}

/** The fixed sentences of a 401; all mean the same. */
const authSentences: ReadonlySet<string> = new Set([
  denials['authentication-required'].title,
  ...Object.values(authenticationDetails),
])

/** Codes for which a person deserves a sentence of its own. */
const sentencesByCode: ReadonlyMap<number, string> = new Map([
  [closeCodes.sessionRevoked.code, 'This session was ended. Please sign in again.'],
  [closeCodes.forbidden.code, 'You do not have access to this.'],
  [closeCodes.replaced.code, 'This connection was replaced by another one.'],
  [closeCodes.rateLimited.code, 'That was a little too fast. We will try again in a moment.'],
  [closeCodes.unknownSubprotocol.code, 'This page is out of date. Please reload it.'],
  [closeCodes.serviceRestart.code, 'The server is restarting. We will be back in a moment.'],
  [closeCodes.normal.code, 'The connection was closed.'],
])

/** Not of a code: the same one tells of a connection that was replaced. */
const operatorSentence = 'The connection was ended by an operator.'

const sentencesByType: Readonly<Record<WebSocketErrorType, string>> = {
  auth: 'Your session is over. Please sign in again.',
  connection: 'The connection was lost. We are trying to reach the server again.',
  server: 'The server is not available just now. We will keep trying.',
  unknown: 'Something went wrong with the connection. Please reload the page.',
}

/** The type of a close. */
export function getErrorTypeFromCloseEvent(event: { readonly code: number }): WebSocketErrorType {
  return closeCodeOf(event.code).category
}

/** The type of a message from the server, or of a refusal's fixed sentence. */
export function getErrorTypeFromMessage(message: ServerMessage | string): WebSocketErrorType {
  if (typeof message === 'string') return authSentences.has(message) ? 'auth' : 'unknown'
  const tells = message.type === 'error' || message.type === 'disconnect'
  return tells ? message.data.category : 'unknown'
}

/** True when trying again unchanged can help; never for `auth`. */
export function isRetryableError(error: WebSocketError): boolean {
  return error.type !== 'auth' && error.retryable
}

/** Describes a close. */
export function createErrorFromCloseEvent(event: { readonly code: number }): WebSocketError {
  const { category, reconnect } = closeCodeOf(event.code)
  const retryable = category !== 'auth' && reconnect !== 'never'
  return { type: category, code: event.code, retryable }
}

/** Describes whatever was thrown on the way to a connection. */
export function createErrorFromError(error: unknown): WebSocketError {
  if (error instanceof UnauthorizedError) return { type: 'auth', retryable: false }
  if (error instanceof TokenUnavailableError) return { type: 'server', retryable: true }
  // `fetch` rejects with a TypeError, and only with that, when there is no answer at all.
  if (error instanceof TypeError) return { type: 'connection', retryable: true }
  return { type: 'unknown', retryable: false }
}

/** Describes what stands between a client and an open connection; undefined when nothing does. */
export function createErrorFromState(state: ConnectionState): WebSocketError | undefined {
  if (state.phase === 'backing-off') {
    const { category: type, code, byOperator } = state
    return {
      type,
      ...(code !== undefined && { code }),
      retryable: true,
      ...(byOperator && { byOperator }),
    }
  }
  if (state.phase !== 'ended') return undefined
  if (state.code !== undefined) return createErrorFromCloseEvent({ code: state.code })
  return { type: state.outcome === 'auth' ? 'auth' : 'unknown', retryable: false }
}

/** One plain sentence, without codes and technical words. */
export function getUserFriendlyMessage(error: WebSocketError): string {
  if (error.byOperator) return operatorSentence
  const byCode = error.code === undefined ? undefined : sentencesByCode.get(error.code)
  return byCode ?? sentencesByType[error.type]
}

/** True when only signing in can help: an account without access would be sent round in circles. */
export function shouldRedirectToLogin(error: WebSocketError): boolean {
  return error.type === 'auth' && error.code !== closeCodes.forbidden.code
}
