// The only file that knows jose's verify. A token is judged by its signature and claims, never by its spelling:
// jose accepts several spellings of one token, so the compact form is held strict before jose sees it.

import { parseGeneration } from '@sallyport/contracts/identity'
import { generationSchema, maxGrants } from '@sallyport/contracts/identity-schema'
import { err, ok, type Result } from '@sallyport/contracts/result'
import { type JWTVerifyResult, jwtVerify } from 'jose'
import { z } from 'zod'
import type { Authority } from '../authority/authority.ts'
import type { KeyRing } from './key-ring.ts'
import { accessTokenType, type TokenProfile } from './token-profile.ts'

/** For logs and metrics only; callers are told one thing for all of them. */
export type TokenFault = 'token-form' | 'token-refused' | 'token-claims' | 'token-expired'

/** Judges a compact token; never rejects for a bad one. */
export type VerifyToken = (compact: string) => Promise<Result<Authority, TokenFault>>

/** Clocks of issuer and gate may differ by this much. */
const clockToleranceSeconds = 5
const maxTokenLength = 8192
const compactForm = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/

const claimsSchema = z.object({
  sub: z
    .string()
    .min(1)
    .max(256)
    .regex(/^[\x21-\x7e]+$/),
  sid: z.string().regex(/^[A-Za-z0-9_-]{1,128}$/),
  gen: z.string().transform(parseGeneration).pipe(generationSchema),
  groups: z.array(z.string().min(1).max(128)).max(maxGrants).default([]),
  preferred_username: z.string().min(1).max(256),
  exp: z.number().finite(),
})

export type VerifyTokenDeps = TokenProfile & {
  readonly keyRing: Pick<KeyRing, 'verificationKey'>
  readonly maxLifeMs: number
  readonly now: () => number
}

/** Verifies tokens of the built-in issuer. */
export function createTokenVerifier(deps: VerifyTokenDeps): VerifyToken {
  return async function verifyToken(compact) {
    if (compact.length > maxTokenLength || !isStrictCompact(compact)) return err('token-form')
    const verified = await verifySignatureAndClaims(compact, deps)
    if (!verified) return err('token-refused')
    const claims = claimsSchema.safeParse(verified.payload)
    if (!claims.success) return err('token-claims')
    const { sub, sid, gen, preferred_username, groups, exp } = claims.data
    const expiresAtMs = exp * 1000
    if (expiresAtMs > deps.now() + deps.maxLifeMs) return err('token-claims')
    if (expiresAtMs <= deps.now()) return err('token-expired')
    return ok({
      issuer: deps.issuer,
      subject: sub,
      username: preferred_username,
      sessionId: sid,
      generation: gen,
      expiresAtMs,
      groups,
      scopes: [],
      claims: {},
    })
  }
}

async function verifySignatureAndClaims(
  compact: string,
  deps: VerifyTokenDeps,
): Promise<JWTVerifyResult | undefined> {
  const now = new Date(deps.now())
  return jwtVerify(compact, deps.keyRing.verificationKey, {
    issuer: deps.issuer,
    audience: deps.audience,
    algorithms: ['ES256'],
    typ: accessTokenType,
    requiredClaims: ['exp', 'iat', 'sub', 'jti'],
    clockTolerance: clockToleranceSeconds,
    currentDate: now,
  }).catch(() => undefined)
}

/** Three base64url parts, each in its canonical spelling (RFC 7515 2: no padding, no stray bits). */
function isStrictCompact(compact: string): boolean {
  if (!compactForm.test(compact)) return false
  return compact
    .split('.')
    .every((part) => Buffer.from(part, 'base64url').toString('base64url') === part)
}
