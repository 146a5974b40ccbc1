// The durable half of live authority: generations of subjects and sessions in an epoch, and what was revoked by name.
// Everything derived from a session carries the generation it was made in; ending the session moves it on.
// Memory and Redis are siblings behind this, held to one contract suite.

import type { NumberedEvent } from '@sallyport/contracts/authority-event'
import type { Generation, TokenFacts } from '@sallyport/contracts/identity'
import type { Lineage } from './authority.ts'

/** Whose authority is asked about, and which token it rests on. */
export type AuthorityQuestion = Lineage & { readonly token?: TokenFacts | undefined }

/** What the store knows now. Facts, not a verdict: that is `judge-authority.ts`. */
export type AuthorityState = {
  readonly generation: Generation
  /** Until then (wall clock, ms) live sockets of an older generation are left alone; 0 for none. */
  readonly graceUntilMs: number
  /** The session's cookie is dead, whatever its tokens are. */
  readonly isCookieEnded: boolean
  /** The token was revoked by its id. */
  readonly isTokenRevoked: boolean
  /**
   * Tokens that are not of our own issue are void when they were issued until then (wall clock, ms): the latest of
   * what holds for their issuer, their key, their subject, and the beginning of the epoch. For our own tokens only
   * issuer and key count: they carry a generation. 0 for nothing.
   */
  readonly issuedBeforeMs: number
}

type Margin = { readonly marginMs?: number | undefined }

/** A change of authority. Each is a durable record and an event, or only an event where it says so. */
export type AuthorityChange =
  | ({
      readonly type: 'end-session'
      readonly sessionId: string
      readonly subject: string
    } & Margin)
  /** The cookie alone; the session's tokens live until they expire. */
  | { readonly type: 'end-cookie'; readonly sessionId: string; readonly subject: string }
  /** `fingerprint`: does nothing when the last one the subject was ended with is the same, so that several may notice a cause. */
  | ({
      readonly type: 'end-subject'
      readonly issuer: string
      readonly subject: string
      readonly issuedBeforeMs: number
      readonly fingerprint?: string | undefined
    } & Margin)
  | ({ readonly type: 'revoke-token'; readonly issuer: string; readonly tokenId: string } & Margin)
  /** Tokens of an issuer, or of one of its keys, that were issued until then. */
  | {
      readonly type: 'revoke-issued-before'
      readonly issuer: string
      readonly keyId?: string | undefined
      readonly issuedBeforeMs: number
    }
  /** Event only. */
  | {
      readonly type: 'extend-session'
      readonly sessionId: string
      readonly subject: string
      readonly expiresAtMs: number
      /** The token that lasts until then. */
      readonly token: TokenFacts
    }
  /** Event only. */
  | { readonly type: 'end-connection'; readonly connectionId: string }

/** All methods reject only on an outage. */
export type AuthorityStore = {
  /** What is known of a subject, one of its sessions and one token: one round trip. */
  readonly current: (question: AuthorityQuestion) => Promise<AuthorityState>
  /** Makes a change: when it resolves its record is durable, and its event lies at or before the position. Atomic. */
  readonly apply: (change: AuthorityChange) => Promise<FeedPosition>
  /** Whether changes are seen and can be made now; false while the store cannot be reached or written. */
  readonly isFollowing: () => boolean
  readonly close: () => Promise<void>
}

/** Where a store tells what happens: `AuthorityFeed` is one. Called in the order of the events' numbers. */
export type AuthorityEventSink = {
  /** From here on: a fresh epoch, or a gap that cannot be told. */
  readonly follow: (position: FeedPosition) => void
  readonly append: (event: NumberedEvent) => void
  /** Nothing can be known until `follow` is called again. */
  readonly lose: () => void
}

/** A place in the sequence of events. */
export type FeedPosition = { readonly epoch: string; readonly sequence: number }
