// The one registry of how an accepted socket ends: name → code, reason, category and what the client may do.
// 44xx mirrors HTTP 4xx (the caller's side), 45xx is ours and always retryable.

/** Who has to act: `auth` = sign in or refresh, `connection`/`server` = wait and retry, `unknown` = tell a person. */
export type CloseCategory = 'auth' | 'connection' | 'server' | 'unknown'

/**
 * Whether the client may come back.
 * `with-new-token`: once, and only with a token it has not used yet. `ask-first`: the reason is hidden, ask over HTTP.
 */
export type ReconnectRule = 'never' | 'with-backoff' | 'with-new-token' | 'ask-first'

export type CloseCode = {
  readonly code: number
  readonly reason: string
  readonly category: CloseCategory
  readonly reconnect: ReconnectRule
}

const never = 'never'
const backoff = 'with-backoff'
const newToken = 'with-new-token'

/** Every close the gate sends or a client can meet. */
export const closeCodes = {
  normal: { code: 1000, reason: 'normal', category: 'unknown', reconnect: never },
  goingAway: { code: 1001, reason: 'going-away', category: 'connection', reconnect: backoff },
  protocolError: { code: 1002, reason: 'protocol-error', category: 'unknown', reconnect: never },
  binaryRefused: { code: 1003, reason: 'binary-refused', category: 'unknown', reconnect: never },
  noStatus: { code: 1005, reason: 'lost', category: 'connection', reconnect: 'ask-first' },
  lost: { code: 1006, reason: 'lost', category: 'connection', reconnect: 'ask-first' },
  invalidText: { code: 1007, reason: 'invalid-text', category: 'unknown', reconnect: never },
  policy: { code: 1008, reason: 'policy', category: 'auth', reconnect: 'ask-first' },
  messageTooBig: { code: 1009, reason: 'message-too-big', category: 'unknown', reconnect: never },
  extensionMissing: {
    code: 1010,
    reason: 'extension-missing',
    category: 'unknown',
    reconnect: never,
  },
  serverError: { code: 1011, reason: 'server-error', category: 'server', reconnect: backoff },
  serviceRestart: { code: 1012, reason: 'service-restart', category: 'server', reconnect: backoff },
  tryAgainLater: { code: 1013, reason: 'try-again-later', category: 'server', reconnect: backoff },
  badGateway: { code: 1014, reason: 'bad-gateway', category: 'server', reconnect: backoff },
  badMessage: { code: 4400, reason: 'bad-message', category: 'unknown', reconnect: never },
  tokenInvalid: { code: 4401, reason: 'token-invalid', category: 'auth', reconnect: newToken },
  forbidden: { code: 4403, reason: 'forbidden', category: 'auth', reconnect: never },
  unknownSubprotocol: {
    code: 4406,
    reason: 'unknown-subprotocol',
    category: 'unknown',
    reconnect: never,
  },
  authTimeout: { code: 4408, reason: 'auth-timeout', category: 'auth', reconnect: newToken },
  replaced: { code: 4409, reason: 'replaced', category: 'unknown', reconnect: never },
  sessionRevoked: { code: 4410, reason: 'session-revoked', category: 'auth', reconnect: never },
  rateLimited: { code: 4429, reason: 'rate-limited', category: 'server', reconnect: backoff },
  internal: { code: 4500, reason: 'internal', category: 'server', reconnect: backoff },
  unavailable: { code: 4503, reason: 'unavailable', category: 'server', reconnect: backoff },
  authUnavailable: {
    code: 4504,
    reason: 'auth-unavailable',
    category: 'server',
    reconnect: backoff,
  },
  slowReader: { code: 4508, reason: 'slow-reader', category: 'connection', reconnect: backoff },
  positionLost: { code: 4510, reason: 'position-lost', category: 'connection', reconnect: backoff },
} as const satisfies Record<string, CloseCode>

/** A name of the registry. */
export type CloseName = keyof typeof closeCodes

const byNumber: ReadonlyMap<number, CloseCode> = new Map(
  Object.values(closeCodes).map((entry) => [entry.code, entry]),
)

/** The registry's entry for a number a client received; unlisted numbers fall under their range's rule. */
export function closeCodeOf(code: number): CloseCode {
  const listed = byNumber.get(code)
  if (listed) return listed
  const ours = code >= 4500 && code <= 4599
  const callers = code >= 4400 && code <= 4499
  if (ours) return { code, reason: 'unlisted', category: 'server', reconnect: backoff }
  if (callers) return { code, reason: 'unlisted', category: 'unknown', reconnect: never }
  return { code, reason: 'unlisted', category: 'unknown', reconnect: backoff }
}
