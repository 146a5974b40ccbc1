// What a backend may ask its sidecar, and what it answers when it is asked: "are these still good?", "whose token is
// this?", "may this token go on under this socket?", "these are my sockets". One JSON body each way.

import { z } from 'zod'
import { credentialWays } from './identity.ts'
import { identitySchema } from './identity-schema.ts'
import { maxTokenLength } from './token-bounds.ts'

/** Paths of the sidecar's internal listener (peer role `ws-backend`). The feed is asked for with `?node=<name>`. */
export const internalPaths = {
  feed: '/authority/feed',
  check: '/authority/check',
  authenticate: '/authority/authenticate',
  refresh: '/authority/refresh',
  connections: '/authority/connections',
  applied: '/authority/applied',
} as const

/** What a backend calls itself; in listings and logs. */
export const nodeNameForm = /^[A-Za-z0-9_.-]{1,64}$/

/** How many identities one check may name. */
export const maxIdentitiesPerCheck = 100

const askedIdentitySchema = identitySchema.omit({ ttlMs: true, username: true })

/** Body of a check: "are these still good?" An identity as it was signed, without how long it lasts. */
export const checkRequestSchema = z.object({
  identities: z.array(askedIdentitySchema).max(maxIdentitiesPerCheck),
})

export type CheckRequest = z.infer<typeof checkRequestSchema>

/**
 * `revoked`: somebody ended it. `void`: its token was revoked or it rests on an epoch that is gone, a new token may
 * be good. `forbidden`: the authority is good, but its route no longer lets it in. `unknown`: this one could not be
 * judged while others could. A live socket goes on and is asked about again; a new one must not be let in.
 */
export const authorityVerdicts = ['good', 'revoked', 'void', 'forbidden', 'unknown'] as const

export type AuthorityVerdict = (typeof authorityVerdicts)[number]

/** Answer of a check: one verdict an identity, in order. */
export const checkAnswerSchema = z.object({
  verdicts: z.array(z.enum(authorityVerdicts)).max(maxIdentitiesPerCheck),
})

/** Read by the sidecar only; capped like any token. */
const token = z.string().max(maxTokenLength)

/** Body of "whose token is this?", asked for the first message of a pending socket. */
export const authenticateRequestSchema = z.object({
  token,
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

/** Body of "may this token go on under this socket?": the token and whose socket it is now. */
export const refreshRequestSchema = z.object({ token, identity: askedIdentitySchema })

export type RefreshRequest = z.infer<typeof refreshRequestSchema>

/**
 * Why a new token does not go on under a socket; the old authority goes on until it ends. `other-subject` is also the
 * token of another session, where the socket rests on its session's cookie.
 */
export const refreshFaults = [
  'invalid-credential',
  'other-subject',
  'older-token',
  'not-allowed',
] as const

export type RefreshFault = (typeof refreshFaults)[number]

/**
 * Answer: who it is from now on, why not, or that nothing changes. `unchanged`: the token is good, but the socket rests
 * on its cookie, whose end no token moves. The backend keeps identity and deadline as they are and says `auth.ok` with
 * the time that is left; no answer could say it, because how long a cookie lasts is not asked here.
 */
export const refreshAnswerSchema = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('refreshed'), identity: identitySchema }),
  z.object({ outcome: z.literal('unchanged') }),
  z.object({ outcome: z.literal('refused'), fault: z.enum(refreshFaults) }),
])

export type RefreshAnswer = z.infer<typeof refreshAnswerSchema>

/** Body of "I have applied your events up to here": nothing that they ended is handled any more. */
export const appliedReportSchema = z.object({
  node: z.string().regex(nodeNameForm),
  epoch: z.string().min(1).max(64),
  sequence: z.number().int().nonnegative(),
})

export type AppliedReport = z.infer<typeof appliedReportSchema>

/** How many sockets a node names at most; `total` says how many there are. */
export const maxListedConnections = 1000

/** A live socket as an operator sees it. */
export const listedConnectionSchema = z.object({
  connectionId: z.string().max(64),
  issuer: z.string().max(512),
  subject: z.string().max(256),
  username: z.string().max(256),
  sessionId: z.string().max(128),
  way: z.enum(credentialWays),
  route: z.string().max(64),
  clientAddress: z.string().max(64),
  /** ISO 8601. */
  connectedAt: z.string().max(32),
  /** Until its authority ends unless it is renewed. */
  expiresInMs: z.number().finite().nonnegative(),
})

export type ListedConnection = z.infer<typeof listedConnectionSchema>

/** Body of "these are my sockets": what a node answers to `list-connections`. */
export const connectionsAnswerSchema = z.object({
  questionId: z.string().max(512),
  node: z.string().regex(nodeNameForm),
  total: z.number().int().nonnegative(),
  connections: z.array(listedConnectionSchema).max(maxListedConnections),
})

export type ConnectionsAnswer = z.infer<typeof connectionsAnswerSchema>
