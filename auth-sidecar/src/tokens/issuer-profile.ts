// What is demanded of the tokens of one issuer, the built-in one and others alike. Chosen by the exact `iss` before
// anything else is looked at, so that no token meets another issuer's keys, algorithms or audience.

import { createHash } from 'node:crypto'
import type { Generation } from '@sallyport/contracts/identity'
import { parseGeneration } from '@sallyport/contracts/identity'
import { maxTokenIdLength } from '@sallyport/contracts/identity-schema'
import type { ClaimMapping, TrustedIssuer } from '@sallyport/contracts/policy'
import { err, ok, type Result } from '@sallyport/contracts/result'
import type { Lineage } from '../authority/authority.ts'
import type { AuthorityState } from '../authority/authority-store.ts'
import type { CompactToken, TokenPayload } from './compact-token.ts'
import type { KeySource } from './key-source.ts'
import type { TokenFault } from './token-fault.ts'
import { builtInClaims, type TokenProfile, type TokenUse, tokenTypes } from './token-profile.ts'
import type { TokenTimeLimits } from './token-times.ts'

/** Which session a token belongs to, and of which generation it is. */
export type TokenSession = { readonly sessionId: string; readonly generation: Generation }

export type IssuerProfile = {
  readonly issuer: string
  readonly uses: readonly TokenUse[]
  readonly keys: KeySource
  /** Judges a `typ` that is in lower case and without `application/`. */
  readonly acceptsType: (type: string | undefined, use: TokenUse) => boolean
  /** Used unless the route has its own. */
  readonly audience: string
  readonly audienceClaim: TrustedIssuer['audienceClaim']
  readonly times: TokenTimeLimits
  readonly claims: ClaimMapping
  /** Whether policies may ask about its tokens' other claims. */
  readonly showsClaims: boolean
  /** By so much its tokens count as older than they say, where it is asked what was issued until a moment. */
  readonly issuedEarlierMs: number
  /** Stands before its people's names; empty: they are ours. */
  readonly prefix: string
  /** Rejects only on an outage. */
  readonly readSession: (
    token: CompactToken,
    subject: string,
  ) => Promise<Result<TokenSession, TokenFault>>
}

/** What the authority store says of a subject and session, as far as a verifier asks; rejects on an outage. */
export type CurrentGeneration = (lineage: Lineage) => Promise<Pick<AuthorityState, 'generation'>>

/** Clocks of the built-in issuer and the gate may differ by this much: they may be two machines. */
const builtInToleranceMs = 5_000
const sessionIdForm = /^[A-Za-z0-9_-]{1,128}$/

/** The profile of our own tokens: their session and generation stand in them. */
export function createBuiltInProfile(
  { issuer, audience, maxLifeMs }: TokenProfile & { readonly maxLifeMs: number },
  keys: KeySource,
): IssuerProfile {
  return {
    issuer,
    uses: ['bearer', 'cookie'],
    keys,
    acceptsType: (type, use) => type === tokenTypes[use],
    audience,
    audienceClaim: 'aud',
    times: { clockToleranceMs: builtInToleranceMs, maxLifeMs },
    claims: builtInClaims,
    // A session has none, and what stands in its token beside our own names is what its user typed at sign-in.
    showsClaims: false,
    issuedEarlierMs: 0,
    prefix: '',
    async readSession({ payload: { sid, gen, jti } }) {
      const generation = typeof gen === 'string' ? parseGeneration(gen) : undefined
      const hasId = isOptionalId(jti) && Boolean(jti)
      const hasForm = typeof sid === 'string' && sessionIdForm.test(sid) && hasId
      return hasForm && generation ? ok({ sessionId: sid, generation }) : err('token-claims')
    },
  }
}

/** The profile of somebody else's tokens; a session of ours is derived from what stands in them. */
export function createTrustedProfile(
  trusted: TrustedIssuer,
  keys: KeySource,
  currentGeneration: CurrentGeneration,
): IssuerProfile {
  const { issuer, tokenType, audience, audienceClaim, claims, prefix } = trusted
  return {
    issuer,
    uses: ['bearer'],
    keys,
    acceptsType: (type) =>
      tokenType === undefined ? type === undefined || type === 'jwt' : type === tokenType,
    audience,
    audienceClaim,
    times: {
      clockToleranceMs: trusted.clockToleranceSeconds * 1000,
      maxLifeMs: trusted.maxLifeSeconds * 1000,
    },
    claims,
    showsClaims: true,
    // Its clock may be ahead of ours: what it issued before a revocation must not look younger.
    issuedEarlierMs: trusted.clockToleranceSeconds * 1000,
    prefix,
    async readSession(token, subject) {
      const sessionId = externalSessionId(issuer, token)
      if (sessionId === undefined) return err('token-claims')
      const { generation } = await currentGeneration({ issuer, subject, sessionId })
      return ok({ sessionId, generation: { ...generation, session: 0 } })
    },
  }
}

/**
 * The session of a token that another issuer made: of its `sid`, else its `jti`, else its payload. Never of the token's
 * text: an ECDSA signature has a twin, and both must be one session to whoever revokes it.
 */
export function externalSessionId(
  issuer: string,
  { payload, payloadBytes }: Pick<CompactToken, 'payload' | 'payloadBytes'>,
): string | undefined {
  const { sid, jti } = payload
  if (!isOptionalId(sid) || !isOptionalId(jti)) return undefined
  const digest = createHash('sha256').update(`${issuer}\0`)
  if (sid) digest.update(`sid\0${sid}`)
  else if (jti) digest.update(`jti\0${jti}`)
  else digest.update('payload\0').update(payloadBytes)
  return `x${digest.digest('base64url')}`
}

function isOptionalId(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && value.length <= maxTokenIdLength)
}

/** True when the token was issued for `audience`: it is a member of `aud`, or is the client in `azp` or `client_id`. */
export function isIssuedFor(
  payload: TokenPayload,
  claim: TrustedIssuer['audienceClaim'],
  audience: string,
): boolean {
  const value = payload[claim]
  if (claim !== 'aud' || !Array.isArray(value)) return value === audience
  return value.every((member) => typeof member === 'string') && value.includes(audience)
}
