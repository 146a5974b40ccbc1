// What a verified token says about its holder, made fit for headers, logs and policies. Pure; issuers name their
// claims differently, the mapping says how.

import type { ClaimValue } from '@sallyport/contracts/identity'
import { maxGrantLength, maxGrants, maxNameLength } from '@sallyport/contracts/identity-schema'
import type { ClaimMapping } from '@sallyport/contracts/policy'
import { err, ok, type Result } from '@sallyport/contracts/result'
import type { Authority } from '../authority/authority.ts'
import type { TokenPayload } from './compact-token.ts'
import type { TokenFault } from './token-fault.ts'

export type TokenHolder = Pick<Authority, 'subject' | 'username' | 'groups' | 'scopes' | 'claims'>

/** Anybody who is told a subject may put it into a header as it is. */
const subjectForm = /^[\x21-\x7e]+$/
/** No control, format (writing direction) or unassigned characters, no separators of lines. */
const nameForm = /^[^\p{C}\p{Zl}\p{Zp}]+$/u
const claimNameForm = /^[A-Za-z0-9_][A-Za-z0-9_.:/#-]{0,127}$/
const maxClaims = 64
const maxClaimLength = 1024

/**
 * Reads the holder. A subject or grants of another form are refused; a username is replaced by the subject. `prefix`
 * stands before every name of a person or group, and counts: nobody downstream can take it for a name of ours.
 */
export function readHolder(
  payload: TokenPayload,
  mapping: ClaimMapping,
  prefix: string,
): Result<TokenHolder, TokenFault> {
  const subject = prefixed(claimAt(payload, mapping.subject), prefix, maxNameLength, subjectForm)
  if (subject === undefined || isInherited(subject)) return err('token-claims')
  const groups = readGrants(claimAt(payload, mapping.groups), prefix)
  const scopes = readGrants(claimAt(payload, mapping.scopes), '')
  if (!groups || !scopes) return err('token-claims')
  const name = prefixed(claimAt(payload, mapping.username), prefix, maxNameLength, nameForm)
  return ok({ subject, username: name ?? subject, groups, scopes, claims: keepClaims(payload) })
}

/** The text with its prefix; undefined when it is of another form, or too long with it. */
function prefixed(
  value: unknown,
  prefix: string,
  maxLength: number,
  form: RegExp,
): string | undefined {
  if (typeof value !== 'string' || prefix.length + value.length > maxLength) return undefined
  return form.test(value) ? prefix + value : undefined
}

/** A claim by its name, or else by a path with dots through objects (`realm_access.roles`). Own members only. */
export function claimAt(payload: TokenPayload, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name]
  if (!name.includes('.')) return undefined
  let value: unknown = payload
  for (const step of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = (value as TokenPayload)[step]
  }
  return value
}

/** Groups or scopes: a list, or one text with blanks between them (RFC 9068 2.2.3); undefined when of another form. */
function readGrants(value: unknown, prefix: string): readonly string[] | undefined {
  if (value === undefined) return []
  const grants =
    typeof value === 'string' ? value.split(' ').filter((grant) => grant !== '') : value
  if (!Array.isArray(grants) || grants.length > maxGrants) return undefined
  const read = grants.map((grant: unknown) => prefixed(grant, prefix, maxGrantLength, nameForm))
  return read.every((grant) => grant !== undefined) ? read : undefined
}

/** The claims a policy can ask about. What is of another form is left out: a policy then finds nothing, and refuses. */
function keepClaims(payload: TokenPayload): Readonly<Record<string, ClaimValue>> {
  const kept = Object.entries(payload).filter(
    (entry): entry is [string, ClaimValue] =>
      claimNameForm.test(entry[0]) && !isInherited(entry[0]) && isClaimValue(entry[1]),
  )
  return Object.fromEntries(kept.slice(0, maxClaims))
}

function isClaimValue(value: unknown): value is ClaimValue {
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value === 'boolean' || isClaimText(value)) return true
  return Array.isArray(value) && value.length <= maxGrants && value.every(isClaimText)
}

function isClaimText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxClaimLength && value.isWellFormed()
}

/** `__proto__`, `constructor` and their like mean something on every object; no name of a person or claim may. */
function isInherited(name: string): boolean {
  return name in Object.prototype
}
