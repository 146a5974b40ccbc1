// Judges tokens: form, issuer, header, key, signature, times, audience, claims – in this order, the cheap before the
// dear and the signature before what is said. The only file that knows jose's verify; what jose would let pass is
// refused around it.

import type { TrustedIssuer } from '@sallyport/contracts/policy'
import { err, ok, type Result } from '@sallyport/contracts/result'
import { maxTokenLength } from '@sallyport/contracts/token-bounds'
import { compactVerify, errors } from 'jose'
import type { Authority } from '../authority/authority.ts'
import { type CompactToken, parseCompactToken, type TokenHeader } from './compact-token.ts'
import type { Fetch } from './fetch-key-set.ts'
import { followKeys } from './followed-key-ring.ts'
import {
  type CurrentGeneration,
  createBuiltInProfile,
  type IssuerProfile,
  isIssuedFor,
} from './issuer-profile.ts'
import { createIssuerProfiles } from './issuer-profiles.ts'
import type { KeyRing } from './key-ring.ts'
import type { VerificationKey } from './key-set.ts'
import type { FoundKey } from './key-source.ts'
import { createRemoteKeySet, type KeySetOutcome, type KeySetStatus } from './remote-key-set.ts'
import { readHolder } from './token-claims.ts'
import { readTokenFacts } from './token-facts.ts'
import type { TokenFault } from './token-fault.ts'
import type { TokenExpectation, TokenProfile } from './token-profile.ts'
import { judgeTimes } from './token-times.ts'
import {
  createTokenMemory,
  type TokenMemoryStatus,
  tokenMemoryKey,
  type VerifiedToken,
} from './verified-tokens.ts'

export type { TokenFault } from './token-fault.ts'
export type { TokenExpectation, TokenUse } from './token-profile.ts'

/** Judges a compact token; never rejects for a bad one, only on an outage. */
export type VerifyToken = (
  compact: string,
  expected: TokenExpectation,
) => Promise<Result<Authority, TokenFault>>

export type TokenVerifierDeps = {
  readonly builtIn: TokenProfile & {
    readonly keyRing: Pick<KeyRing, 'verificationKeys'>
    /** Longer than any token it issues. */
    readonly maxLifeMs: number
  }
  /** Read at every verification; a new list is a new array. */
  readonly issuers: () => readonly TrustedIssuer[]
  /** What tokens of other issuers are bound to. */
  readonly currentGeneration: CurrentGeneration
  readonly now: () => number
  /** Remembered at most; each costs about a kilobyte. */
  readonly maxTokens: number
  /** For development: key sets over plain http. */
  readonly allowPlainHttp?: boolean
  readonly fetch?: Fetch
  readonly onKeySetFetched?: (issuer: string, outcome: KeySetOutcome) => void
}

export type TokenVerifier = {
  readonly verifyToken: VerifyToken
  /** Takes in a list of issuers that changed at once, so that keys are there before the first token; else with that. */
  readonly followIssuers: () => void
  /** One for each issuer that is not built in. The built-in one needs nobody. */
  readonly keySets: () => readonly KeySetStatus[]
  /** True when a listed issuer has taken a key out of its set that was seen there: what it signed is void. */
  readonly isKeyGone: (issuer: string, keyId: string) => boolean
  readonly memory: () => TokenMemoryStatus
  readonly close: () => Promise<void>
}

/** What remembered tokens may be long together, for each that may be remembered: they are about half as long. */
const charactersPerToken = 1024

/** Builds the verifier of all issuers, with a memory of what it verified. */
export function createTokenVerifier(deps: TokenVerifierDeps): TokenVerifier {
  const { now, maxTokens } = deps
  const profiles = createProfiles(deps)
  const memory = createTokenMemory({ maxTokens, maxCharacters: maxTokens * charactersPerToken })

  async function verifyAnew(
    compact: string,
    expected: TokenExpectation,
    memoryKey: string,
  ): Promise<Result<Authority, TokenFault>> {
    const token = parseCompactToken(compact)
    if (!token.ok) return token
    const profile = profiles.find(token.value.payload['iss'])
    if (!profile) return err('token-issuer')
    const verified = await judgeToken(token.value, profile, expected, now)
    if (!verified.ok) return verified
    memory.remember(memoryKey, compact.length, verified.value)
    return verified.value.granted
  }

  return {
    async verifyToken(compact, expected) {
      if (compact.length > maxTokenLength) return err('token-form')
      profiles.update()
      const memoryKey = tokenMemoryKey(compact, expected)
      return memory.find(memoryKey, now()) ?? verifyAnew(compact, expected, memoryKey)
    },
    followIssuers: profiles.update,
    keySets: profiles.keySets,
    isKeyGone: profiles.isKeyGone,
    memory: memory.status,
    close: profiles.close,
  }
}

function createProfiles(deps: TokenVerifierDeps) {
  const { builtIn, issuers, currentGeneration, now } = deps
  return createIssuerProfiles({
    builtIn: createBuiltInProfile(builtIn, followKeys(builtIn.keyRing)),
    issuers,
    currentGeneration,
    createKeySet: (issuer) =>
      createRemoteKeySet(issuer, {
        fetch: deps.fetch ?? fetch,
        allowPlainHttp: deps.allowPlainHttp ?? false,
        now,
        ...(deps.onKeySetFetched && { onFetched: deps.onKeySetFetched }),
      }),
  })
}

/** Judges a token of well-formed text against its issuer's profile. */
export async function judgeToken(
  token: CompactToken,
  profile: IssuerProfile,
  expected: TokenExpectation,
  now: () => number,
): Promise<Result<VerifiedToken, TokenFault>> {
  if (!profile.uses.includes(expected.use)) return err('token-issuer')
  if (!profile.acceptsType(plainType(token.header), expected.use)) return err('token-header')
  const found = await findKey(token, profile)
  if (!found) return err('token-key')
  if (!(await isSignedWith(token, found.key))) return err('token-refused')
  return readAuthority(token, profile, found, expected, now())
}

const noClaims: Authority['claims'] = Object.freeze({})

async function readAuthority(
  token: CompactToken,
  profile: IssuerProfile,
  { keySet }: FoundKey,
  expected: TokenExpectation,
  nowMs: number,
): Promise<Result<VerifiedToken, TokenFault>> {
  const { issuer, keys, times: limits, claims, prefix, audienceClaim } = profile
  const times = judgeTimes(token.payload, limits, nowMs)
  if (!times.ok) return times
  const audience = expected.audience ?? profile.audience
  if (!isIssuedFor(token.payload, audienceClaim, audience)) return err('token-audience')
  const holder = readHolder(token.payload, claims, prefix)
  if (!holder.ok) return holder
  const session = await profile.readSession(token, holder.value.subject)
  if (!session.ok) return session
  const { notBeforeMs, expiresAtMs } = times.value
  const shown = profile.showsClaims ? holder.value.claims : noClaims
  const granted = ok({
    issuer,
    ...holder.value,
    claims: shown,
    ...session.value,
    expiresAtMs,
    token: readTokenFacts(token, profile.issuedEarlierMs),
  })
  return ok({ granted, notBeforeMs, keys, keySet })
}

/** `typ` as RFC 7515 4.1.9 compares it: without case, and without `application/`. */
export function plainType({ typ }: TokenHeader): string | undefined {
  return typ?.toLowerCase().replace(/^application\//, '')
}

/** The issuer's key of the token's `kid`, if it is for the token's `alg`. Rejects when the key set is unavailable. */
export async function findKey(
  { header }: CompactToken,
  profile: IssuerProfile,
): Promise<FoundKey | undefined> {
  const found = await profile.keys.find(header.kid)
  return found?.key.algorithm === header.alg ? found : undefined
}

/** Verifies the signature; every error of jose is a refusal, any other is a fault of ours. */
export async function isSignedWith(
  { compact }: CompactToken,
  { key, algorithm }: VerificationKey,
): Promise<boolean> {
  try {
    await compactVerify(compact, key, { algorithms: [algorithm] })
    return true
  } catch (error) {
    if (error instanceof errors.JOSEError) return false
    throw error
  }
}
