// Where families of refresh tokens live. All tokens that follow from one sign-in are one family, and one record: the
// hash of the token that is current. Any other token of a known family is an old copy, however long ago it was current:
// nothing is remembered of it, so nothing can push it out. A session has one family, from its sign-in, and nothing but a
// sign-in makes one. Memory and Redis are siblings behind this, held to one contract suite.

/** A family. Neither its id nor a token of it is ever stored. */
export type RefreshTokenRecord = {
  /** Hash of the family's id. */
  readonly familyHash: string
  /** Hash of the current token's secret. */
  readonly secretHash: string
  /** Public id of the session that it renews. */
  readonly sessionId: string
  readonly subject: string
  /** Finds the session; whether that still lives is judged at use. */
  readonly sessionSecretHash: string
  /** Wall clock, ms: never later than the session's end. */
  readonly expiresAtMs: number
}

/** Which token of which family is to give its place to which. */
export type RefreshTokenRotation = Pick<RefreshTokenRecord, 'familyHash' | 'secretHash'> & {
  readonly nextSecretHash: string
}

/** `fresh`: by this call alone the next one is current. `reused`: it was not the current one; nothing has changed. */
export type RotatedRefreshToken = {
  readonly outcome: 'fresh' | 'reused'
  /** As it stands now. */
  readonly record: RefreshTokenRecord
}

/** All reject only on an outage. A full store is one: no family gives way to another. */
export type RefreshTokenStore = {
  /** Stores a new family; the very next `rotate`, on any replica, finds it. */
  readonly create: (record: RefreshTokenRecord) => Promise<void>
  /** The family as it stands; undefined for an unknown and an expired one alike. */
  readonly find: (familyHash: string) => Promise<RefreshTokenRecord | undefined>
  /** One atomic step: of many at once one gets `fresh`. Undefined as for `find`. */
  readonly rotate: (rotation: RefreshTokenRotation) => Promise<RotatedRefreshToken | undefined>
}
