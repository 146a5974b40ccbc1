// Step 6, policy and identity: may this authority in here, and what the backend is told about it.

import { type Denial, refuse } from '@sallyport/contracts/denials'
import type { ClaimValue, CredentialWay, StandingIdentity } from '@sallyport/contracts/identity'
import { maxIdentityBytes } from '@sallyport/contracts/identity-schema'
import type { Route } from '@sallyport/contracts/policy'
import { ok, type Result } from '@sallyport/contracts/result'
import type { Authority } from '../authority/authority.ts'
import type { ActivePolicy } from '../policy/policy-source.ts'
import { tokenRulesOf } from '../policy/token-rules.ts'
import { unmetDemand } from '../policy/who-may.ts'
import type { ResolvedAuthority } from './resolve-authority.ts'

type Claims = Readonly<Record<string, ClaimValue>>

export type AdmissionContext = {
  readonly route: Pick<Route, 'name' | 'who' | 'audience'>
  readonly origin: string | undefined
  /** The policy in force when the decision began; of the claims only those that any route asks about go out. */
  readonly policy: Pick<ActivePolicy, 'claimNames' | 'policy'>
}

/** Says what a backend is told about whoever a route lets in. */
export type AdmitIdentity = typeof admitIdentity

const noClaims: Claims = Object.freeze({})

/** The identity of whoever the route's policy lets in. */
export function admitIdentity(
  { authority, way }: Pick<ResolvedAuthority, 'authority' | 'way'>,
  { route, origin, policy }: AdmissionContext,
): Result<StandingIdentity, Denial> {
  const unmet = unmetDemand(route.who, authority)
  if (unmet !== undefined) return refuse('not-allowed', unmet)
  const { issuer, subject, username, sessionId, generation, token, groups, scopes } = authority
  const tokenRules = tokenRulesOf({ issuer, way }, route, policy.policy)
  const identity: StandingIdentity = {
    issuer,
    subject,
    username,
    sessionId,
    way,
    generation,
    route: route.name,
    ...(origin !== undefined && { origin }),
    ...(token !== undefined && { token }),
    ...(tokenRules !== undefined && { tokenRules }),
    groups,
    scopes,
    claims: pickClaims(authority.claims, policy.claimNames),
  }
  return fitsHeader(identity) ? ok(identity) : refuse('not-allowed', 'identity-too-large')
}

/**
 * The same with a memory of one answer an authority: a token that comes again is remembered with its authority, and
 * with it everything that rests on nothing else but the route, the page's origin and the policy in force.
 */
export function rememberAdmissions(): AdmitIdentity {
  const remembered = new WeakMap<
    Authority,
    AdmissionContext & {
      readonly way: CredentialWay
      readonly admitted: Result<StandingIdentity, Denial>
    }
  >()
  return ({ authority, way }, context) => {
    const { route, origin, policy } = context
    const last = remembered.get(authority)
    const isSame =
      last?.route === route && last.origin === origin && last.way === way && last.policy === policy
    if (isSame) return last.admitted
    const admitted = admitIdentity({ authority, way }, context)
    remembered.set(authority, { route, origin, policy, way, admitted })
    return admitted
  }
}

function pickClaims(claims: Claims, names: ReadonlySet<string>): Claims {
  if (names.size === 0) return noClaims
  const picked: Record<string, ClaimValue> = Object.create(null)
  for (const name of names) {
    const value = Object.hasOwn(claims, name) ? claims[name] : undefined
    if (value !== undefined) picked[name] = value
  }
  return picked
}

/** In JSON a character takes six bytes at most; nearly every identity is small enough by that alone. */
const bytesPerCharacter = 6
const bytesBesideTexts = 512

function fitsHeader(identity: StandingIdentity): boolean {
  const { issuer, subject, username, sessionId, origin = '' } = identity
  const { token, groups, scopes, claims } = identity
  if (claims === noClaims && groups.length + scopes.length < 16) {
    let characters = issuer.length + subject.length + username.length
    characters += sessionId.length + origin.length
    if (token) characters += token.id.length + token.keyId.length
    for (const group of groups) characters += group.length + 1
    for (const scope of scopes) characters += scope.length + 1
    if (bytesBesideTexts + bytesPerCharacter * characters <= maxIdentityBytes) return true
  }
  return Buffer.byteLength(JSON.stringify(identity)) <= maxIdentityBytes
}
