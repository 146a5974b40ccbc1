// What the sidecar tells every backend about authority that changed. Travels over the internal HTTP/2 feed as one
// JSON object per line. Events have a number: the same on every sidecar that shares a store, so that a backend can
// go on with another one. What a backend may ask is `authority-questions.ts`.

import { z } from 'zod'
import { tokenFactsSchema } from './identity-schema.ts'

/** The sidecar says something on the feed at least this often. */
export const feedAliveIntervalMs = 4000

/** A feed that said nothing for this long is dead, whatever TCP thinks of it. */
export const maxFeedSilenceMs = 3 * feedAliveIntervalMs

const text = z.string().min(1).max(512)

/** How much longer sockets are left alone after what ended them; for a re-authentication. */
const marginMs = z.number().int().positive().max(60_000).exactOptional()

const events = [
  /** A session is over. `cookie`: only what rests on its cookie; its tokens live on. */
  z.object({
    type: z.literal('session-ended'),
    sessionId: text,
    subject: text,
    scope: z.enum(['everything', 'cookie']),
    marginMs,
  }),
  /** Everything of a person is over: all sessions, all tokens. */
  z.object({ type: z.literal('subject-ended'), issuer: text, subject: text, marginMs }),
  /** One token is void, and what rests on it. */
  z.object({ type: z.literal('token-revoked'), issuer: text, tokenId: text, marginMs }),
  /** Authority changed in a way that only the sidecar can apply: ask about every live identity. */
  z.object({ type: z.literal('check-all') }),
  /**
   * A session's cookie holds a new token: what came by cookie rests on that one from here on, and may stay until it
   * ends (wall clock, ms).
   */
  z.object({
    type: z.literal('session-extended'),
    sessionId: text,
    subject: text,
    expiresAtMs: z.number().finite().positive(),
    token: tokenFactsSchema,
  }),
  /** An operator ended one socket; its credential stays good. */
  z.object({ type: z.literal('connection-ended'), connectionId: text }),
] as const

/** An event as it stands in a store. */
export const authorityEventSchema = z.discriminatedUnion('type', events)

/** An event before it has a place in the feed. */
export type AuthorityEvent = z.infer<typeof authorityEventSchema>

const sequence = z.number().int().nonnegative()

type Numbered<Events extends readonly z.ZodObject[]> = {
  [Index in keyof Events]: z.ZodObject<Events[Index]['shape'] & { sequence: typeof sequence }>
}

const numbered = events.map((event) => event.extend({ sequence })) as unknown as Numbered<
  typeof events
>

/** A line of the feed. */
export const feedLineSchema = z.discriminatedUnion('type', [
  /** First line of a fresh connection when nothing was missed: the position the reader is at now. */
  z.object({ type: z.literal('position'), epoch: text, sequence }),
  /** What was missed cannot be told any more: ask about every live identity, then go on from here. */
  z.object({ type: z.literal('resync'), epoch: text, sequence }),
  /** The policy in force at this sidecar; another digest than before: ask about every live identity. */
  z.object({ type: z.literal('policy'), digest: text }),
  /** An operator wants to know which sockets there are; answered with a `connections` question. */
  z.object({
    type: z.literal('list-connections'),
    questionId: text,
    subject: text.exactOptional(),
    sessionId: text.exactOptional(),
    connectionId: text.exactOptional(),
  }),
  /** Nothing happened, and nothing was missed: said only by a sidecar that sees its store. */
  z.object({ type: z.literal('alive'), sequence }),
  ...numbered,
])

export type FeedLine = z.infer<typeof feedLineSchema>

/** An event with its place in the feed. */
export type NumberedEvent = AuthorityEvent & { readonly sequence: number }
