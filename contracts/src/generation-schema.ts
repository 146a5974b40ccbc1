// The form of a generation where it comes from outside. Apart from `identity.ts`, which the browser client carries.

import { z } from 'zod'

/** Accepts a `Generation`. */
export const generationSchema = z.object({
  epoch: z.string().min(1).max(64),
  subject: z.number().int().nonnegative(),
  session: z.number().int().nonnegative(),
})
