// The sidecar could not be asked. An outage, never a verdict: nobody's authority ends or lasts because of it alone.

export type AuthorityOutageCode = 'timeout' | 'unreachable' | 'bad-answer'

/** Thrown by questions to the sidecar. */
export class AuthorityOutage extends Error {
  override readonly name = 'AuthorityOutage'
  readonly code: AuthorityOutageCode

  constructor(code: AuthorityOutageCode, options?: ErrorOptions) {
    super(`the authority cannot be asked: ${code}`, options)
    this.code = code
  }
}
