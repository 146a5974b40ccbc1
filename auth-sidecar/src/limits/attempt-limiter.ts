// Counting attempts in a fixed window. The interface the handshake and the login need; variants are siblings.

import { refuse } from '@sallyport/contracts/denials'

/** Whether this attempt is within the limit. Refused attempts neither extend nor reset the window. */
export type AttemptCount =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly retryAfterSeconds: number }

export type AttemptLimiter = {
  /** Counts one attempt of `key`. Rejects only on an outage. */
  readonly count: (key: string) => Promise<AttemptCount>
}

/** The denial of an attempt over the limit. */
export function attemptDenial(attempt: AttemptCount & { readonly allowed: false }) {
  return refuse('rate-limited', 'too-many-attempts', {
    detail: 'Too many attempts; wait for the number of seconds in Retry-After',
    retryAfterSeconds: attempt.retryAfterSeconds,
  })
}
