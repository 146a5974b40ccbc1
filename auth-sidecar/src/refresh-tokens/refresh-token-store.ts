// Where refresh tokens wait for their one use, and are remembered after it: who presents a used one may have stolen
// it. Memory and Redis are siblings behind this, held to one contract suite.

/** What a refresh token stands for. The token itself is never stored. */
export type RefreshTokenRecord = {
  readonly secretHash: string
  /** Public id of the session it renews; all refresh tokens of one session are one family. */
  readonly sessionId: string
  readonly subject: string
  /** Finds the session; whether that still lives is judged at use. */
  readonly sessionSecretHash: string
  /** Wall clock, ms: never later than the session's end. */
  readonly expiresAtMs: number
}

/** `fresh`: it is used up now, by this call alone. `reused`: it was used before. */
export type RedeemedRefreshToken = {
  readonly outcome: 'fresh' | 'reused'
  readonly record: RefreshTokenRecord
}

/** Both reject only on an outage. */
export type RefreshTokenStore = {
  /** Stores a new refresh token; the very next `redeem`, on any replica, finds it. */
  readonly create: (record: RefreshTokenRecord) => Promise<void>
  /** Atomic: of many at once one gets `fresh`. Undefined for an unknown and an expired one alike. */
  readonly redeem: (secretHash: string) => Promise<RedeemedRefreshToken | undefined>
}
