// What the sidecar tells every backend about authority that changed, and what a backend may ask.
// Travels over the internal HTTP/2 feed as one JSON object per line.

import { z } from 'zod'
import { generationSchema } from './generation-schema.ts'

/** The sidecar says something on the feed at least this often. */
export const feedAliveIntervalMs = 4000

/** A feed that said nothing for this long is dead, whatever TCP thinks of it. */
export const maxFeedSilenceMs = 3 * feedAliveIntervalMs

/** A line of the feed. */
export const feedLineSchema = z.discriminatedUnion('type', [
  /** First line of a fresh connection when nothing was missed: the position the reader is at now. */
  z.object({ type: z.literal('position'), epoch: z.string(), sequence: z.number().int() }),
  /** What was missed cannot be told any more: ask about every live identity, then go on from here. */
  z.object({ type: z.literal('resync'), epoch: z.string(), sequence: z.number().int() }),
  /** Everything derived from this session is void. */
  z.object({
    type: z.literal('session-ended'),
    sequence: z.number().int(),
    sessionId: z.string(),
    subject: z.string(),
  }),
  /** Nothing happened; the feed is alive. */
  z.object({ type: z.literal('alive'), sequence: z.number().int() }),
])

export type FeedLine = z.infer<typeof feedLineSchema>

/** An event before it has a place in the feed. */
export type AuthorityEvent = {
  readonly type: 'session-ended'
  readonly sessionId: string
  readonly subject: string
}

/** Paths of the sidecar's internal listener (peer role `ws-backend`). */
export const internalPaths = { feed: '/authority/feed', check: '/authority/check' } as const

/** How many identities one check may name. */
export const maxIdentitiesPerCheck = 500

/** Body of a check: "are these still good?" */
export const checkRequestSchema = z.object({
  identities: z
    .array(z.object({ subject: z.string(), sessionId: z.string(), generation: generationSchema }))
    .max(maxIdentitiesPerCheck),
})

export type CheckRequest = z.infer<typeof checkRequestSchema>

/** `revoked`: somebody ended it. `void`: it rests on an epoch that is gone, a new login may be possible. */
export type AuthorityVerdict = 'good' | 'revoked' | 'void'

/** Answer of a check: one verdict an identity, in order. */
export const checkAnswerSchema = z.object({
  verdicts: z.array(z.enum(['good', 'revoked', 'void'])).max(maxIdentitiesPerCheck),
})
