// What a credential grants while it is good.

import type { Generation } from '@sallyport/contracts/identity'

/** Whose authority, until when (wall clock, ms), of which generation. */
export type Authority = {
  readonly issuer: string
  readonly subject: string
  readonly username: string
  readonly sessionId: string
  readonly generation: Generation
  readonly expiresAtMs: number
}
