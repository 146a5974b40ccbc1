// Step 6, policy and identity: may this authority in here, and what the backend is told about it.

import { type Denial, refuse } from '@sallyport/contracts/denials'
import type { ClaimValue, Identity } from '@sallyport/contracts/identity'
import { maxIdentityBytes } from '@sallyport/contracts/identity-schema'
import type { Route } from '@sallyport/contracts/policy'
import { ok, type Result } from '@sallyport/contracts/result'
import { whoMay } from '../policy/who-may.ts'
import type { ResolvedAuthority } from './resolve-authority.ts'

type Claims = Readonly<Record<string, ClaimValue>>

export type AdmissionContext = {
  readonly route: Pick<Route, 'name' | 'who'>
  readonly origin: string | undefined
  /** Names of the claims that any route asks about: only these leave the sidecar. */
  readonly claimNames: ReadonlySet<string>
  readonly nowMs: number
}

const noClaims: Claims = Object.freeze({})

/** The identity of whoever the route's policy lets in. */
export function admitIdentity(
  { authority, way }: Pick<ResolvedAuthority, 'authority' | 'way'>,
  { route, origin, claimNames, nowMs }: AdmissionContext,
): Result<Identity, Denial> {
  if (!whoMay(route.who, authority)) return refuse('not-allowed', 'policy')
  const { issuer, subject, username, sessionId, generation, groups, scopes } = authority
  const common = {
    issuer,
    subject,
    username,
    sessionId,
    way,
    generation,
    ttlMs: authority.expiresAtMs - nowMs,
    route: route.name,
    groups,
    scopes,
    claims: pickClaims(authority.claims, claimNames),
  }
  const identity: Identity = origin === undefined ? common : { ...common, origin }
  return fitsHeader(identity) ? ok(identity) : refuse('not-allowed', 'identity-too-large')
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

function fitsHeader(identity: Identity): boolean {
  const { issuer, subject, username, sessionId, origin = '', groups, scopes, claims } = identity
  if (claims === noClaims && groups.length + scopes.length < 16) {
    let characters = issuer.length + subject.length + username.length
    characters += sessionId.length + origin.length
    for (const group of groups) characters += group.length + 1
    for (const scope of scopes) characters += scope.length + 1
    if (bytesBesideTexts + bytesPerCharacter * characters <= maxIdentityBytes) return true
  }
  return Buffer.byteLength(JSON.stringify(identity)) <= maxIdentityBytes
}
