// What the sidecar tells every backend about authority that changed, and what a backend may ask.
// Travels over the internal HTTP/2 feed as one JSON object per line.

import { z } from 'zod'
import { identitySchema } from './identity-schema.ts'
import { maxTokenLength } from './token-bounds.ts'

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
  /** Routes or policies changed: ask about every live identity. */
  z.object({ type: z.literal('policy-changed'), sequence: z.number().int() }),
  /** Nothing happened; the feed is alive. */
  z.object({ type: z.literal('alive'), sequence: z.number().int() }),
])

export type FeedLine = z.infer<typeof feedLineSchema>

/** An event before it has a place in the feed. */
export type AuthorityEvent =
  | { readonly type: 'session-ended'; readonly sessionId: string; readonly subject: string }
  | { readonly type: 'policy-changed' }

/** Paths of the sidecar's internal listener (peer role `ws-backend`). */
export const internalPaths = {
  feed: '/authority/feed',
  check: '/authority/check',
  authenticate: '/authority/authenticate',
} as const

/** How many identities one check may name. */
export const maxIdentitiesPerCheck = 100

/** Body of a check: "are these still good?" An identity as it was signed, without how long it lasts. */
export const checkRequestSchema = z.object({
  identities: z
    .array(identitySchema.omit({ ttlMs: true, username: true }))
    .max(maxIdentitiesPerCheck),
})

export type CheckRequest = z.infer<typeof checkRequestSchema>

/**
 * `revoked`: somebody ended it. `void`: it rests on an epoch that is gone, a new login may be possible.
 * `forbidden`: the authority is good, but its route no longer lets it in.
 */
export type AuthorityVerdict = 'good' | 'revoked' | 'void' | 'forbidden'

/** Answer of a check: one verdict an identity, in order. */
export const checkAnswerSchema = z.object({
  verdicts: z.array(z.enum(['good', 'revoked', 'void', 'forbidden'])).max(maxIdentitiesPerCheck),
})

/** Body of "whose token is this?", asked for the first message of a pending socket. */
export const authenticateRequestSchema = z.object({
  /** Read by the sidecar only; capped like any token. */
  token: z.string().max(maxTokenLength),
  route: z.string().max(64),
  origin: z.string().max(512).optional(),
  clientAddress: z.string().max(64),
})

export type AuthenticateRequest = z.infer<typeof authenticateRequestSchema>

/** Answer: the identity, or which close the socket ends with. */
export const authenticateAnswerSchema = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('authenticated'), identity: identitySchema }),
  z.object({
    outcome: z.literal('refused'),
    close: z.enum(['tokenInvalid', 'forbidden', 'rateLimited']),
    retryAfterMs: z.number().int().positive().optional(),
  }),
])

export type AuthenticateAnswer = z.infer<typeof authenticateAnswerSchema>
