// The body of `POST /admin/revocations` → what is to be revoked. Pure; names every fault at once, in sentences of ours
// that repeat nothing of the body.

import {
  maxKeyIdLength,
  maxNameLength,
  maxTokenIdLength,
} from '@sallyport/contracts/identity-schema'
import { err, ok, type Result } from '@sallyport/contracts/result'
import { z } from 'zod'

type Margin = { readonly marginMs: number | undefined }

/** What is revoked. `reason` is for the audit log only. */
export type Revocation = (
  | ({
      readonly type: 'subject'
      readonly issuer: string
      readonly subject: string
      /** Undefined: everything until now. */
      readonly issuedBeforeMs: number | undefined
    } & Margin)
  | ({ readonly type: 'session'; readonly sessionId: string } & Margin)
  /** The session's cookie alone. */
  | { readonly type: 'cookie'; readonly sessionId: string }
  | ({ readonly type: 'token'; readonly issuer: string; readonly tokenId: string } & Margin)
  | {
      readonly type: 'issued-before'
      readonly issuer: string
      readonly keyId: string | undefined
      readonly issuedBeforeMs: number
    }
) & { readonly reason: string | undefined }

/** A clock may be ahead of ours by this much; what is further ahead was not meant. */
const maxAheadMs = 60_000
const maxMarginMs = 60_000

/** No control, format or unassigned characters, no separators of lines. */
const reasonForm = /^[^\p{C}\p{Zl}\p{Zp}]{1,200}$/u

const text = (maxLength: number) => z.string().min(1).max(maxLength)

/** Every member a body may have: its form, and the sentence for another one. */
const members = {
  subject: { schema: text(maxNameLength), rule: `must be a text of at most ${maxNameLength}` },
  sessionId: {
    schema: z.string().regex(/^[A-Za-z0-9_-]{1,128}$/),
    rule: 'must be the public id of a session',
  },
  tokenId: {
    schema: text(maxTokenIdLength),
    rule: `must be a text of at most ${maxTokenIdLength}`,
  },
  keyId: { schema: text(maxKeyIdLength), rule: `must be a text of at most ${maxKeyIdLength}` },
  issuer: { schema: text(512), rule: 'must be a text of at most 512' },
  issuedBefore: {
    schema: z.union([z.iso.datetime({ offset: true }), z.number().finite().positive()]),
    rule: 'must be ISO 8601 with a time zone, or seconds since 1970',
  },
  scope: { schema: z.literal('session'), rule: 'can only be "session"' },
  reason: {
    schema: z.string().regex(reasonForm),
    rule: 'must be at most 200 printable characters',
  },
  marginMs: {
    schema: z.number().int().min(0).max(maxMarginMs),
    rule: `must be a whole number from 0 to ${maxMarginMs}`,
  },
} as const

type Name = keyof typeof members
const names = Object.keys(members) as Name[]
const selectors = ['subject', 'sessionId', 'tokenId', 'keyId'] as const

type Body = { readonly [Member in Name]?: z.infer<(typeof members)[Member]['schema']> }

export type RevocationContext = {
  /** Whose subjects, tokens and keys are meant when the body does not say. */
  readonly builtInIssuer: string
  /** Wall clock, ms. */
  readonly nowMs: number
}

/** Reads the body; the error has a sentence for each fault. */
export function parseRevocation(
  body: unknown,
  context: RevocationContext,
): Result<Revocation, readonly string[]> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return err(['Send JSON: {"subject": "…"}, or sessionId, tokenId, keyId or issuer'])
  }
  const given = body as Readonly<Record<string, unknown>>
  const has = (name: Name) => Object.hasOwn(given, name)
  const malformed = names.filter(
    (name) => has(name) && !members[name].schema.safeParse(given[name]).success,
  )
  const unknown = Object.keys(given).some((name) => !Object.hasOwn(members, name))
  const issuedBefore = malformed.includes('issuedBefore') ? undefined : given['issuedBefore']
  const issuedBeforeMs = momentOf(issuedBefore as Body['issuedBefore'])
  const faults = [
    ...malformed.map((name) => `${name}: ${members[name].rule}`),
    ...(unknown ? [`there is only ${names.join(', ')}`] : []),
    ...combinationFaults(has),
    ...(isAhead(issuedBeforeMs, context.nowMs) ? ['issuedBefore: lies in the future'] : []),
  ]
  return faults.length > 0 ? err(faults) : ok(revocationOf(given as Body, issuedBeforeMs, context))
}

const isAhead = (atMs: number | undefined, nowMs: number) =>
  atMs !== undefined && !(atMs <= nowMs + maxAheadMs)

function momentOf(value: Body['issuedBefore']): number | undefined {
  if (value === undefined) return undefined
  return typeof value === 'number' ? Math.floor(value * 1000) : Date.parse(value)
}

/** Where each member that selects nothing may stand, and beside what. */
function combinationFaults(has: (name: Name) => boolean): string[] {
  const chosen = selectors.filter(has)
  const [selector = has('issuer') ? 'issuer' : undefined] = chosen
  const wanted = 'exactly one of subject, sessionId, tokenId, keyId, or issuer alone'
  if (chosen.length > 1 || selector === undefined) return [`name ${wanted}`]
  const goesWith = (name: Name, ...allowed: readonly Name[]) =>
    has(name) && !allowed.includes(selector)
      ? [`${name}: goes only with ${allowed.join(', ')}`]
      : []
  return [
    ...goesWith('issuer', 'subject', 'tokenId', 'keyId', 'issuer'),
    ...goesWith('issuedBefore', 'subject', 'keyId', 'issuer'),
    ...goesWith('scope', 'sessionId'),
    ...goesWith('marginMs', 'subject', 'sessionId', 'tokenId'),
    ...(has('scope') && has('marginMs') ? ['marginMs: does not go with scope'] : []),
  ]
}

function revocationOf(
  body: Body,
  issuedBeforeMs: number | undefined,
  { builtInIssuer, nowMs }: RevocationContext,
): Revocation {
  const { subject, sessionId, tokenId, keyId, issuer = builtInIssuer, scope, reason } = body
  const marginMs = body.marginMs || undefined
  if (subject !== undefined) {
    return { type: 'subject', issuer, subject, issuedBeforeMs, marginMs, reason }
  }
  if (sessionId !== undefined) {
    if (scope === 'session') return { type: 'cookie', sessionId, reason }
    return { type: 'session', sessionId, marginMs, reason }
  }
  if (tokenId !== undefined) return { type: 'token', issuer, tokenId, marginMs, reason }
  return { type: 'issued-before', issuer, keyId, issuedBeforeMs: issuedBeforeMs ?? nowMs, reason }
}
