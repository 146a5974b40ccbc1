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

/** How many groups and how many scopes an identity may carry, and how long each may be. */
export const maxGrants = 100
const grantsSchema = z.array(z.string().min(1).max(128)).max(maxGrants).readonly()

const claimValueSchema = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.array(z.string()).readonly(),
])

/** Accepts a `StandingIdentity`. */
export const standingIdentitySchema = z.object({
  issuer: z.string().min(1).max(512),
  subject: z.string().min(1).max(256),
  username: z.string().max(256),
  sessionId: z.string().min(1).max(128),
  way: z.enum(credentialWays),
  generation: generationSchema,
  route: z.string().min(1).max(64),
  origin: z.string().max(512).exactOptional(),
  groups: grantsSchema,
  scopes: grantsSchema,
  claims: z.record(z.string(), claimValueSchema).readonly(),
})

/** Accepts an `Identity`. */
export const identitySchema = standingIdentitySchema.extend({
  ttlMs: z.number().finite().positive(),
})
