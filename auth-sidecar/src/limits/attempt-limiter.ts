// Counting attempts in a fixed window. The interface the handshake and the login need; variants are siblings.

import { refuse } from '@sallyport/contracts/denials'

/** Whether this attempt is within the limit. Refused attempts neither extend nor reset the window. */
export type AttemptCount =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly retryAfterSeconds: number }

/** All reject only on an outage. `limit` takes the place of the configured one: a route's own number. */
export type AttemptLimiter = {
  /** Counts one attempt of `key`. */
  readonly count: (key: string, limit?: number) => Promise<AttemptCount>
  /** What `count` would say now; counts nothing. */
  readonly peek: (key: string, limit?: number) => Promise<AttemptCount>
  /** Takes one counted attempt back; the window's end stays where it is. */
  readonly giveBack: (key: string) => Promise<void>
}

/** The denial of an attempt over the limit. */
export function attemptDenial(attempt: AttemptCount & { readonly allowed: false }) {
  return refuse('rate-limited', 'too-many-attempts', {
    detail: 'Too many attempts; wait for the number of seconds in Retry-After',
    retryAfterSeconds: attempt.retryAfterSeconds,
  })
}
