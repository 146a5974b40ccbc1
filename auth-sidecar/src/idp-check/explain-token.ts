// Says step by step what the gate's verifier would make of a token. It asks the same functions in the same order, and
// goes on after a failure, because the next one is worth knowing too. The token itself is never part of the answer.

import { type CompactToken, parseCompactToken } from '../tokens/compact-token.ts'
import { type IssuerProfile, isIssuedFor } from '../tokens/issuer-profile.ts'
import type { KeySet } from '../tokens/key-set.ts'
import { readHolder } from '../tokens/token-claims.ts'
import { type TokenFault, tokenFaults } from '../tokens/token-fault.ts'
import { judgeTimes } from '../tokens/token-times.ts'
import { findKey, isSignedWith, plainType } from '../tokens/verify-token.ts'
import { keyReasons } from './reasons.ts'
import { show } from './show.ts'

/** One check; `fault` when it fails. */
export type Step = {
  readonly name: string
  readonly fault: TokenFault | undefined
  readonly detail: string
}

export type ExplainDeps = {
  readonly profile: IssuerProfile
  readonly keySet: KeySet
  readonly nowMs: number
}

/** All checks in the verifier's order; the first fault is its verdict. Ends early when there is nothing to look into. */
export async function explainToken(compact: string, deps: ExplainDeps): Promise<readonly Step[]> {
  const parsed = parseCompactToken(compact)
  if (!parsed.ok) return [{ name: 'form', fault: parsed.error, detail: explainForm(compact) }]
  const { value: token } = parsed
  const { payload, header } = token
  const { profile } = deps
  const issuer = payload['iss']
  const form = `${compact.length} characters, header ${show(header)}`
  return [
    { name: 'form', fault: undefined, detail: form },
    step('issuer', issuer === profile.issuer, 'token-issuer', `iss is ${show(issuer)}`),
    step(
      'type',
      profile.acceptsType(plainType(header), 'bearer'),
      'token-header',
      `typ is ${show(header.typ)}`,
    ),
    ...(await explainSignature(token, deps)),
    explainTimes(token, deps),
    explainAudience(token, profile),
    await explainClaims(token, profile),
  ]
}

/** The verdict of the checks: undefined when the token would be accepted. */
export function verdictOf(steps: readonly Step[]): TokenFault | undefined {
  return steps.find(({ fault }) => fault !== undefined)?.fault
}

function step(name: string, isGood: boolean, fault: TokenFault, detail: string): Step {
  return { name, fault: isGood ? undefined : fault, detail }
}

/** Names what can be named of a token that was not even taken apart: member names of its header, no values. */
function explainForm(compact: string): string {
  const parts = compact.split('.')
  if (parts.length !== 3) return `it has ${parts.length} parts, a signed token has 3`
  try {
    const header: unknown = JSON.parse(Buffer.from(parts[0] ?? '', 'base64url').toString())
    return `its header has ${show(Object.keys(Object(header)))}; alg, kid and typ are allowed, kid is required`
  } catch {
    return 'its header is no JSON'
  }
}

async function explainSignature(token: CompactToken, deps: ExplainDeps): Promise<readonly Step[]> {
  const { kid, alg } = token.header
  const listed = deps.keySet.keys.get(kid)
  const rejected = deps.keySet.rejected.find(({ keyId }) => keyId === kid)
  const found = await findKey(token, deps.profile)
  const state = listed
    ? `the key is for ${listed.algorithm}`
    : rejected
      ? `the key cannot be used: it ${keyReasons[rejected.fault]}`
      : 'no such key in the set'
  const keyStep = step(
    'key',
    found !== undefined,
    'token-key',
    `${show(alg)} with kid ${show(kid)}; ${state}`,
  )
  if (!found) return [keyStep]
  const isSigned = await isSignedWith(token, found.key)
  const detail = isSigned ? 'made with that key' : 'not made with that key; nothing below is proven'
  return [keyStep, step('signature', isSigned, 'token-refused', detail)]
}

function explainTimes({ payload }: CompactToken, { profile, nowMs }: ExplainDeps): Step {
  const times = judgeTimes(payload, profile.times, nowMs)
  const { iat, nbf, exp } = payload
  const fromNow = (value: unknown) =>
    typeof value === 'number' ? `${Math.round(value - nowMs / 1000)} s` : show(value)
  const life =
    typeof exp === 'number' && typeof iat === 'number'
      ? `; a life of ${exp - iat} s, ${profile.times.maxLifeMs / 1000} s are allowed`
      : ''
  const detail = `from now: iat ${fromNow(iat)}, nbf ${fromNow(nbf)}, exp ${fromNow(exp)}${life}`
  return { name: 'times', fault: times.ok ? undefined : times.error, detail }
}

function explainAudience({ payload }: CompactToken, profile: IssuerProfile): Step {
  const { audienceClaim, audience } = profile
  return step(
    'audience',
    isIssuedFor(payload, audienceClaim, audience),
    'token-audience',
    `${audienceClaim} is ${show(payload[audienceClaim])}, ${show(audience)} is expected`,
  )
}

async function explainClaims(token: CompactToken, profile: IssuerProfile): Promise<Step> {
  const holder = readHolder(token.payload, profile.claims, profile.prefix)
  const { subject, username, groups, scopes } = profile.claims
  const names = `subject from ${subject}, username from ${username}, groups from ${groups}, scopes from ${scopes}, ${explainPrefix(profile.prefix)}`
  if (!holder.ok) return { name: 'claims', fault: holder.error, detail: names }
  const session = await profile.readSession(token, holder.value.subject)
  const { claims: _all, ...read } = holder.value
  return {
    name: 'claims',
    fault: session.ok ? undefined : session.error,
    detail: session.ok
      ? `${names}: ${show(read)}`
      : 'sid or jti is no text of at most 256 characters',
  }
}

/** What stands before the names of an issuer's people. */
export function explainPrefix(prefix: string): string {
  return prefix === '' ? 'names as they are' : `${show(prefix)} before subject, username and groups`
}

/** A sentence for a fault. */
export function sentenceOf(fault: TokenFault): string {
  return tokenFaults[fault]
}
