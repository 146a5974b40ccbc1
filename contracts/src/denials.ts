// The one registry of refusals before a socket exists: code → HTTP status and title.
// What a refusal says to the outside is this and no more; the exact cause goes to the log and the metric.

import { err } from './result.ts'

type DenialEntry = { readonly status: number; readonly title: string }

/** Every code a refused handshake or HTTP request can carry. */
export const denials = {
  'malformed-handshake': { status: 400, title: 'Malformed handshake' },
  'malformed-request': { status: 400, title: 'Malformed request' },
  'conflicting-credentials': { status: 400, title: 'Conflicting credentials' },
  'unknown-subprotocol': { status: 400, title: 'Unknown subprotocol' },
  'authentication-required': { status: 401, title: 'Authentication required' },
  'invalid-credential': { status: 401, title: 'Invalid credential' },
  'origin-not-allowed': { status: 403, title: 'Origin not allowed' },
  'not-allowed': { status: 403, title: 'Not allowed' },
  'not-found': { status: 404, title: 'Not found' },
  'method-not-allowed': { status: 405, title: 'Method not allowed' },
  'upgrade-required': { status: 426, title: 'Upgrade required' },
  'rate-limited': { status: 429, title: 'Too many attempts' },
  'headers-too-large': { status: 431, title: 'Headers too large' },
  unavailable: { status: 503, title: 'Temporarily unavailable' },
} as const satisfies Record<string, DenialEntry>

/** A code of the registry. */
export type DenialCode = keyof typeof denials

/** The sentences of 401 answers, word for word: clients may show them, none may depend on them alone. */
export const authenticationDetails = {
  noSessionCookie: 'No session cookie found',
  invalidSession: 'Invalid session',
  required: 'Authentication required: Use Authorization header or Sec-WebSocket-Protocol',
  requiredInHeader: 'Authentication required: Use Authorization header',
  invalid: 'Invalid credential',
} as const

/** A refusal: what the caller is told (`code`, `detail`) and what only the log is told (`reason`). */
export type Denial = {
  readonly code: DenialCode
  /** For logs and metrics only: a constant kebab-case string, never user input. */
  readonly reason: string
  /** A constant sentence for the caller; never user input. */
  readonly detail?: string
  /** The ways of authenticating that would be accepted; on 401 only. */
  readonly accepts?: readonly string[]
  readonly retryAfterSeconds?: number
}

/** A refusal as a `Result`; the short way to say one. */
export function refuse(
  code: DenialCode,
  reason: string,
  more: Omit<Denial, 'code' | 'reason'> = {},
): { readonly ok: false; readonly error: Denial } {
  return err({ code, reason, ...more })
}
