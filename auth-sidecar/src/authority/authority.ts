// What a credential grants while it is good.

import type { ClaimValue, Generation, TokenFacts } from '@sallyport/contracts/identity'

/** Whose authority, until when (wall clock, ms), of which generation. */
export type Authority = {
  readonly issuer: string
  readonly subject: string
  readonly username: string
  readonly sessionId: string
  readonly generation: Generation
  readonly expiresAtMs: number
  /** Of the token it rests on, or that was presented beside its session. */
  readonly token?: TokenFacts
  readonly groups: readonly string[]
  readonly scopes: readonly string[]
  /** All claims of a token; empty for a session. */
  readonly claims: Readonly<Record<string, ClaimValue>>
}

/** Which subject of which issuer, in which session. */
export type Lineage = Pick<Authority, 'issuer' | 'subject' | 'sessionId'>
