// Where sessions live. Memory, Redis and PostgreSQL are siblings behind this, held to one contract suite.

import type { Generation } from '@sallyport/contracts/identity'

/** The device a session was opened from, as far as it is known. */
export type DeviceInfo = {
  readonly clientId: string
  readonly deviceType: string
  readonly ipAddress: string
}

export type SessionRecord = {
  /** Hash of the cookie's secret; the secret itself is never stored. */
  readonly secretHash: string
  /** Public id: in answers, tokens and logs. */
  readonly sessionId: string
  readonly subject: string
  readonly username: string
  readonly groups: readonly string[]
  readonly generation: Generation
  readonly device: DeviceInfo
  /** Of the users file's entry it was begun by (`login/user-fingerprint.ts`); undefined when no file had one. */
  readonly userFingerprint?: string
  readonly createdAtMs: number
  readonly expiresAtMs: number
}

/** All methods reject only on an outage. */
export type SessionStore = {
  /** Stores a new session; the very next `find`, on any replica, sees it. */
  readonly create: (record: SessionRecord) => Promise<void>
  /** Finds a session by the hash of its secret; undefined when there is none or it has expired. */
  readonly find: (secretHash: string) => Promise<SessionRecord | undefined>
  /** The live sessions of a subject, oldest first. */
  readonly ofSubject: (subject: string) => Promise<readonly SessionRecord[]>
  /** Removes a session by its public id; removing an unknown one is no error. */
  readonly remove: (sessionId: string) => Promise<void>
}
