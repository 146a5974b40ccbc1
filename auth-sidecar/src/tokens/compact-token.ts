// The form of a token, held strict before any crypto: a token is judged by its signature and claims, never by its
// spelling, so it may have one spelling only. It knows neither issuers nor keys.

import { err, ok, type Result } from '@sallyport/contracts/result'
import { maxTokenLength } from '@sallyport/contracts/token-bounds'
import { parseStrictJsonBytes } from './strict-json.ts'
import type { TokenFault } from './token-fault.ts'

export type TokenHeader = { readonly alg: string; readonly kid: string; readonly typ?: string }

export type TokenPayload = Readonly<Record<string, unknown>>

/** Read, not believed: nothing of it counts before the signature was verified. */
export type CompactToken = {
  readonly compact: string
  readonly header: TokenHeader
  readonly payload: TokenPayload
  /** The payload's own bytes: the same for every signature over it. */
  readonly payloadBytes: Uint8Array
}

const compactForm = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/
/** What the last character of a part may be, by what is left over from groups of four (RFC 4648 3.5). */
const canonicalEnd: Readonly<Record<number, RegExp>> = {
  0: /./,
  2: /[AQgw]$/,
  3: /[AEIMQUYcgkosw048]$/,
}

/** Nothing legitimate comes near these. */
const jsonBounds = { maxDepth: 8, maxMembers: 256 }
const maxHeaderLength = 1024
const keyIdForm = /^[A-Za-z0-9._~:@+=/-]{1,128}$/
const headerMembers = new Set(['alg', 'kid', 'typ'])

/** Takes a token apart: three canonical base64url parts (RFC 7515 2), two of them one strict JSON object each. */
export function parseCompactToken(compact: string): Result<CompactToken, TokenFault> {
  if (compact.length > maxTokenLength || !compactForm.test(compact)) return err('token-form')
  const [head = '', body = '', signature = ''] = compact.split('.')
  if (!isCanonical(head) || !isCanonical(body) || !isCanonical(signature)) return err('token-form')
  if (head.length > maxHeaderLength) return err('token-header')
  const header = parseObject(Buffer.from(head, 'base64url'))
  if (!header || !isTokenHeader(header)) return err('token-header')
  const payloadBytes = Buffer.from(body, 'base64url')
  const payload = parseObject(payloadBytes)
  return payload ? ok({ compact, header, payload, payloadBytes }) : err('token-form')
}

function isCanonical(part: string): boolean {
  return canonicalEnd[part.length % 4]?.test(part) === true
}

function parseObject(bytes: Uint8Array): TokenPayload | undefined {
  const value = parseStrictJsonBytes(bytes, jsonBounds)
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as TokenPayload)
    : undefined
}

/** Any other member could ask for something that nobody here does: another key, another encoding, an extension. */
function isTokenHeader(header: TokenPayload): header is TokenHeader & TokenPayload {
  const { alg, kid, typ } = header
  return (
    typeof alg === 'string' &&
    typeof kid === 'string' &&
    keyIdForm.test(kid) &&
    (typ === undefined || typeof typ === 'string') &&
    Object.keys(header).every((name) => headerMembers.has(name))
  )
}
