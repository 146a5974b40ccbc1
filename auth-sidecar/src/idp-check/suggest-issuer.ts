// From what an issuer publishes, and a token if there is one, to the settings it probably needs. A suggestion: whether
// its tokens should be trusted is for the reader to decide.

import {
  type ClaimMapping,
  maxPrefixLength,
  type TokenAlgorithm,
  type TrustedIssuer,
  tokenAlgorithms,
} from '@sallyport/contracts/policy'
import { defaultPrefix } from '@sallyport/contracts/sallyport-file/check-issuers'
import { parseCompactToken, type TokenPayload } from '../tokens/compact-token.ts'
import { claimAt } from '../tokens/token-claims.ts'
import { plainType } from '../tokens/verify-token.ts'

export type SuggestionBasis = {
  readonly issuer: string
  readonly keySetUrl: string
  /** The set as it was served. */
  readonly document: unknown
  readonly token: string | undefined
  readonly audience: string | undefined
}

const usualLifeSeconds = 3600
const maxLifeSeconds = 86_400

/** Where well-known providers keep what we look for, most usual first. */
const usualClaims = {
  username: ['preferred_username', 'username', 'email', 'upn', 'name'],
  groups: ['groups', 'roles', 'realm_access.roles', 'cognito:groups'],
  scopes: ['scope', 'scp'],
} as const

/** Settings for an issuer that is not configured yet. */
export function suggestIssuer(basis: SuggestionBasis): TrustedIssuer {
  const { issuer, keySetUrl, document, audience, token } = basis
  const parsed = token === undefined ? undefined : parseCompactToken(token)
  const read = parsed?.ok ? parsed.value : undefined
  const payload = read?.payload ?? {}
  const type = read && plainType(read.header)
  const aimedAt = findAudience(payload, audience)
  return {
    issuer,
    prefix: defaultPrefix(issuer).slice(0, maxPrefixLength),
    keySetUrl,
    algorithms: algorithmsOf(document, read?.header.alg),
    tokenType: type === 'jwt' || type === undefined ? undefined : type,
    ...aimedAt,
    clockToleranceSeconds: 5,
    maxLifeSeconds: lifeOf(payload),
    claims: findClaims(payload),
  }
}

/** What the set's keys are for; an RSA key that does not say takes what the token uses, else the most usual one. */
function algorithmsOf(document: unknown, used: string | undefined): readonly TokenAlgorithm[] {
  const usual = tokenAlgorithms.find((algorithm) => algorithm === used) ?? 'RS256'
  const signing = keysOf(document).filter(({ use }) => use === undefined || use === 'sig')
  const named = new Set(
    signing.map((key) => algorithmFor(key) ?? (key['kty'] === 'RSA' ? usual : undefined)),
  )
  const found = tokenAlgorithms.filter((algorithm) => named.has(algorithm))
  return found.length > 0 ? found : [usual]
}

type Key = Readonly<Record<string, unknown>>

/** The members of a set, as they were served. */
export function keysOf(document: unknown): readonly Key[] {
  const { keys } = Object(document) as { keys?: unknown }
  return Array.isArray(keys) ? keys.map((key: unknown) => Object(key) as Key) : []
}

/** The algorithm a key names, or the only one that its curve leaves. */
export function algorithmFor({ alg, kty, crv }: Key): TokenAlgorithm | undefined {
  if (alg !== undefined) return tokenAlgorithms.find((algorithm) => algorithm === alg)
  if (kty === 'OKP') return crv === 'Ed25519' ? 'EdDSA' : undefined
  if (kty !== 'EC') return undefined
  return crv === 'P-256' ? 'ES256' : crv === 'P-384' ? 'ES384' : undefined
}

function findAudience(
  payload: TokenPayload,
  wanted: string | undefined,
): Pick<TrustedIssuer, 'audience' | 'audienceClaim'> {
  const members = [payload['aud']].flat().filter((member) => typeof member === 'string')
  const audience = wanted ?? members[0] ?? 'sallyport'
  if (members.includes(audience)) return { audience, audienceClaim: 'aud' }
  const clientClaim = (['azp', 'client_id'] as const).find((name) => payload[name] === audience)
  return { audience, audienceClaim: clientClaim ?? 'aud' }
}

function lifeOf({ exp, iat }: TokenPayload): number {
  if (typeof exp !== 'number' || typeof iat !== 'number') return usualLifeSeconds
  const seconds = Math.ceil(exp - iat)
  return seconds > 0 && seconds <= maxLifeSeconds ? seconds : usualLifeSeconds
}

function findClaims(payload: TokenPayload): ClaimMapping {
  const first = (names: readonly string[]): string =>
    names.find((name) => claimAt(payload, name) !== undefined) ?? names[0] ?? ''
  return {
    subject: 'sub',
    username: first(usualClaims.username),
    groups: first(usualClaims.groups),
    scopes: first(usualClaims.scopes),
  }
}

/** The entry for `sallyport.yml`. JSON strings are YAML strings, so nothing that was found can break out of its place. */
export function formatIssuer(issuer: TrustedIssuer): readonly string[] {
  const { claims } = issuer
  return [
    'issuers:',
    `  - issuer: ${quote(issuer.issuer)}`,
    `    prefix: ${quote(issuer.prefix)}`,
    `    keySetUrl: ${quote(issuer.keySetUrl)}`,
    `    algorithms: [${issuer.algorithms.join(', ')}]`,
    ...(issuer.tokenType === undefined ? [] : [`    tokenType: ${quote(issuer.tokenType)}`]),
    `    audience: ${quote(issuer.audience)}`,
    `    audienceClaim: ${issuer.audienceClaim}`,
    `    maxLifeSeconds: ${issuer.maxLifeSeconds}`,
    '    claims:',
    ...Object.entries(claims).map(([name, claim]) => `      ${name}: ${quote(claim)}`),
  ]
}

function quote(text: string): string {
  return JSON.stringify(text).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
