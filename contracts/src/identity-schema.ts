// The form of an identity where it comes from outside. Apart from `identity.ts`, which the browser client carries.

import { z } from 'zod'
import { credentialWays } from './identity.ts'

/** Accepts a `Generation`. */
export const generationSchema = z.object({
  epoch: z.string().min(1).max(64),
  subject: z.number().int().nonnegative(),
  session: z.number().int().nonnegative(),
})

/** No identity is longer as JSON: it travels in a header, signed. */
export const maxIdentityBytes = 4096

/** How long a subject or a username may be, in UTF-16 units as `length` counts. */
export const maxNameLength = 256

/** How many groups and how many scopes an identity may carry, and how long each may be, in UTF-16 units. */
export const maxGrants = 100
export const maxGrantLength = 128
const grantsSchema = z.array(z.string().min(1).max(maxGrantLength)).max(maxGrants).readonly()

const claimValueSchema = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.array(z.string()).readonly(),
])

/** Accepts an address as the sidecar spells it. */
export const clientAddressSchema = z.string().min(1).max(64)

/** How long the id of a token and of its key may be. */
export const maxTokenIdLength = 256
export const maxKeyIdLength = 128

/** Accepts `TokenFacts`. */
export const tokenFactsSchema = z.object({
  id: z.string().min(1).max(maxTokenIdLength),
  keyId: z.string().min(1).max(maxKeyIdLength),
  issuedAtMs: z.number().finite().nonnegative(),
})

/** Accepts a `StandingIdentity`. */
export const standingIdentitySchema = z.object({
  issuer: z.string().min(1).max(512),
  subject: z.string().min(1).max(maxNameLength),
  username: z.string().max(maxNameLength),
  sessionId: z.string().min(1).max(128),
  way: z.enum(credentialWays),
  generation: generationSchema,
  route: z.string().min(1).max(64),
  origin: z.string().max(512).exactOptional(),
  token: tokenFactsSchema.exactOptional(),
  tokenRules: z.string().max(64).exactOptional(),
  groups: grantsSchema,
  scopes: grantsSchema,
  claims: z.record(z.string(), claimValueSchema).readonly(),
})

/** Accepts an `Identity`. */
export const identitySchema = standingIdentitySchema.extend({
  clientAddress: clientAddressSchema,
  ttlMs: z.number().finite().positive(),
})
