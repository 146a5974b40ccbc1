// The one registry of what an `error` message can say: code → category, text, and whether the same message may
// be sent again. The connection goes on: an `error` answers one message and ends nothing.

import type { CloseCategory } from '../close-codes.ts'

type MessageErrorEntry = {
  readonly category: CloseCategory
  readonly retryable: boolean
  readonly message: string
}

/** Every code an `error` message can carry. */
export const messageErrors = {
  'not-json': { category: 'unknown', retryable: false, message: 'The message is not JSON' },
  'too-deep': { category: 'unknown', retryable: false, message: 'The message nests too deeply' },
  'not-an-envelope': { category: 'unknown', retryable: false, message: 'The message has no type' },
  'unknown-type': { category: 'unknown', retryable: false, message: 'Unknown message type' },
  'already-authenticated': {
    category: 'unknown',
    retryable: false,
    message: 'Whose socket this is cannot change',
  },
  'bad-channel': { category: 'unknown', retryable: false, message: 'Not a channel name' },
  'bad-data': { category: 'unknown', retryable: false, message: 'data must be an object' },
  'not-allowed': { category: 'auth', retryable: false, message: 'Not allowed on this channel' },
  'too-many-channels': { category: 'unknown', retryable: false, message: 'Too many channels' },
  'refresh-refused': {
    category: 'auth',
    retryable: false,
    message: 'The token does not go on under this socket; what it rests on stays as it is',
  },
  'refresh-unavailable': {
    category: 'server',
    retryable: true,
    message: 'The token could not be judged now',
  },
  'rate-limited': { category: 'server', retryable: true, message: 'Too many messages' },
} as const satisfies Record<string, MessageErrorEntry>

/** A code of the registry. */
export type MessageErrorCode = keyof typeof messageErrors
