// The form of `sallyport.yml`: what may stand where, each part alone. Defaults that depend on the run, and what two
// parts say about each other, are not here.

import { z } from 'zod'
import { isAddressRange, parseAddressRange } from '../address-range.ts'
import { isExactOrigin } from '../exact-origin.ts'
import { credentialWays } from '../identity.ts'
import { maxGrantLength } from '../identity-schema.ts'
import { isNetworkAddress, networkAddress } from '../network-address.ts'
import {
  applicationHeaders,
  maxClockToleranceSeconds,
  maxIssuerLifeSeconds,
  maxPrefixLength,
  tokenAlgorithms,
} from '../policy.ts'

const segment = /^(?!\.{1,2}$)[A-Za-z0-9._~-]+$/
const maxSegments = 16

/** `/`, or segments of unreserved characters: nothing encoded, nothing a proxy could read in another way. */
function isPath(text: string): boolean {
  const segments = text.split('/').slice(1)
  if (text === '/') return true
  return (
    text.startsWith('/') && segments.length <= maxSegments && segments.every((s) => segment.test(s))
  )
}

const list = <Item extends z.ZodType>(item: Item, max: number) =>
  z
    .array(item)
    .max(max)
    .refine((items) => new Set(items).size === items.length, 'must not name anything twice')

const word = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, 'must be 1 to 128 printable ASCII characters without spaces')
const wholeNumber = (min: number, max: number) => {
  const said = `must be a whole number from ${min} to ${max}`
  return z.int(said).min(min, said).max(max, said)
}
const perMinute = wholeNumber(1, 1_000_000)
const name = /^[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?$/
const forbiddenMembers = new Set(['__proto__', 'constructor', 'prototype'])
const claimName = z
  .string()
  .regex(/^[A-Za-z0-9_.:/-]{1,128}$/, 'is no name of a claim')
  .refine((text) => !forbiddenMembers.has(text), 'is no name of a claim')

/** How routes and backends may be called. */
export const nameSchema = z
  .string()
  .regex(name, 'must be a name like my-route: a to z, digits and -, at most 32, a letter first')

const claimValue = z
  .union([z.string().min(1).max(256), z.number(), z.boolean()], {
    error: 'must be a text of at most 256 characters, a number, true or false',
  })
  .transform(String)

const emptyList = 'must name something; leave it out to demand nothing'
const nobodyNamed: string[] = []

/** Who may; everything may be left out. */
export const whoSchema = z.strictObject({
  // Empty lists would let everybody in, which is hardly what whoever wrote one meant.
  groups: list(z.string().min(1).max(maxGrantLength), 100)
    .refine((groups) => groups.length > 0, emptyList)
    .default(nobodyNamed),
  scopes: list(word, 100)
    .refine((scopes) => scopes.length > 0, emptyList)
    .default(nobodyNamed),
  claims: z.record(claimName, z.array(claimValue).min(1).max(100)).default({}),
})

export const attemptsSchema = z.strictObject({
  perMinute: perMinute.optional(),
  profile: z.enum(['strict', 'shared-address']).default('strict'),
  perSubjectPerMinute: perMinute.default(60),
})

export const routeSchema = z.strictObject({
  kind: z.enum(['websocket', 'http']),
  path: z
    .string()
    .max(512)
    .refine(isPath, 'must be a path like /ws: no / at its end, letters, digits and . _ ~ - only'),
  hosts: list(
    z
      .string()
      .max(253)
      .regex(
        /^(?=.*[a-z0-9])[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/,
        'must be a host name in lower case, without port, without * and without a dot at its end',
      ),
    20,
  ).default([]),
  backend: z.string().optional(),
  who: whoSchema.default({ groups: [], scopes: [], claims: {} }),
  ways: list(z.enum(credentialWays), 10).min(1).optional(),
  origins: list(
    z
      .string()
      .refine(
        (text) => text === 'public' || isExactOrigin(text),
        'must be `public` or an exact origin like https://app.example.com: lower case, no path, no usual port',
      ),
    50,
  ).default(['public']),
  allowMissingOrigin: z.boolean().optional(),
  audience: word.optional(),
  attempts: attemptsSchema.default({ profile: 'strict', perSubjectPerMinute: 60 }),
  identityHeaders: list(z.enum(applicationHeaders), 10).default([]),
  login: z.enum(['redirect', 'refuse']).default('refuse'),
})

export const backendSchema = z.strictObject({
  url: z
    .string()
    .refine(
      isExactOrigin,
      'must be scheme, host and port, like http://127.0.0.1:3000, and no path',
    ),
})

const mappingSchema = z.strictObject({
  subject: claimName.default('sub'),
  username: claimName.default('preferred_username'),
  groups: claimName.default('groups'),
  scopes: claimName.default('scope'),
})

/** What a mapping is when the file says nothing. */
const defaultMapping = mappingSchema.parse({})

const absoluteUrl = z
  .string()
  .max(512)
  .refine(
    (text) => /^https?:\/\/[^\s?#@]+$/.test(text) && URL.canParse(text),
    'must be an absolute URL without query',
  )

const prefix = z
  .string()
  .regex(
    new RegExp(`^[\\x21-\\x7e]{0,${maxPrefixLength}}$`),
    `must be at most ${maxPrefixLength} printable ASCII characters without spaces`,
  )

export const issuerSchema = z.strictObject({
  issuer: absoluteUrl,
  prefix: prefix.optional(),
  keySetUrl: absoluteUrl,
  algorithms: list(z.enum(tokenAlgorithms), 9).min(1).default(['RS256', 'ES256']),
  tokenType: z
    .string()
    .regex(/^[a-z0-9+.-]{1,64}$/, 'must be a token type in lower case, like at+jwt')
    .optional(),
  audience: word,
  audienceClaim: z.enum(['aud', 'azp', 'client_id']).default('aud'),
  clockToleranceSeconds: wholeNumber(0, maxClockToleranceSeconds).default(5),
  maxLifeSeconds: wholeNumber(1, maxIssuerLifeSeconds).default(3600),
  claims: mappingSchema.default(defaultMapping),
})

const range = z
  .string()
  .refine(isAddressRange, {
    error: 'must be an address or a range like 10.0.0.0/8 or 2001:db8::/32',
    abort: true,
  })
  .refine(beginsWhereItSays, { error: ({ input }) => bitsBehindPrefix(String(input)) })

function beginsWhereItSays(text: string): boolean {
  const parsed = parseAddressRange(text)
  return parsed !== undefined && isNetworkAddress(parsed)
}

function bitsBehindPrefix(text: string): string {
  const parsed = parseAddressRange(text)
  const meant = parsed ? `${networkAddress(parsed)}/${parsed.bits}` : ''
  return `${text} has bits behind the prefix: write ${meant}`
}

export const addressesSchema = z.strictObject({
  unlimited: list(range, 1000).default([]),
  blocked: list(range, 1000).default([]),
})

const atMost = (max: number) => (entries: object) => Object.keys(entries).length <= max

/** The outermost members; routes, backends and issuers are then judged one by one. */
export const fileSchema = z.strictObject({
  version: z.literal(1, 'must be 1'),
  routes: z
    .record(z.string(), z.unknown())
    .refine(atMost(100), 'at most 100 routes')
    .refine((routes) => Object.keys(routes).length > 0, 'must name at least one route')
    .optional(),
  backends: z
    .record(z.string(), z.unknown())
    .refine(atMost(100), 'at most 100 backends')
    .optional(),
  issuers: z.array(z.unknown()).max(20).optional(),
  addresses: addressesSchema.optional(),
})

export type RouteEntry = z.output<typeof routeSchema>
export type BackendEntry = z.output<typeof backendSchema>
export type IssuerEntry = z.output<typeof issuerSchema>

/** Members that may stand under a path of the file, for "did you mean". */
export function membersAt(path: readonly PropertyKey[]): readonly string[] {
  const [section, , part] = path
  if (section === undefined) return Object.keys(fileSchema.shape)
  if (section === 'addresses') return Object.keys(addressesSchema.shape)
  if (section === 'backends') return Object.keys(backendSchema.shape)
  if (section === 'issuers')
    return Object.keys((part === 'claims' ? mappingSchema : issuerSchema).shape)
  if (part === 'who') return Object.keys(whoSchema.shape)
  return Object.keys((part === 'attempts' ? attemptsSchema : routeSchema).shape)
}
