// Tokens by the thousand, each different from all others: what a cache of verified tokens has never seen.
// Made of a template, so that it knows no claim but the one it changes and the issuer's.

import { createPrivateKey, type JsonWebKey, type KeyObject, randomBytes, sign } from 'node:crypto'
import type { Mint, TokenKind } from './load-protocol.ts'

/** A token and whether the gate must take it. */
export type MintedToken = { readonly compact: string; readonly isGood: boolean }

type Members = Readonly<Record<string, unknown>>

/** Returns the maker of distinct tokens; throws when the template is no compact token. */
export function createMint({ template, privateKey, kinds }: Mint): () => MintedToken {
  const { header, claims: payload } = claimsOf(template)
  const key = createPrivateKey({ key: privateKey, format: 'jwk' })
  const run = randomBytes(9).toString('base64url')
  let count = 0
  const makers: Record<TokenKind, (claims: Members) => string> = {
    valid: (claims) => withSignature(`${encode(header)}.${encode(claims)}`, key),
    forged: (claims) => `${encode(header)}.${encode(claims)}.${unsigned()}`,
    foreign: (claims) => {
      const stranger = { ...claims, iss: 'https://stranger.example' }
      return `${encode({ ...header, kid: 'stranger' })}.${encode(stranger)}.${unsigned()}`
    },
  }
  return () => {
    const kind = kinds[count % kinds.length] ?? 'valid'
    count += 1
    return {
      compact: makers[kind]({ ...payload, jti: `${run}-${count}` }),
      isGood: kind === 'valid',
    }
  }
}

/** As long as a signature of either algorithm, and made for nothing. */
function unsigned(): string {
  return randomBytes(64).toString('base64url')
}

function withSignature(input: string, key: KeyObject): string {
  const isEdwards = key.asymmetricKeyType === 'ed25519'
  const signature = sign(isEdwards ? null : 'sha256', Buffer.from(input), {
    key,
    dsaEncoding: 'ieee-p1363',
  })
  return `${input}.${signature.toString('base64url')}`
}

/** Both parts of a compact token, unverified; throws when it is none. */
export function claimsOf(compact: string): { readonly header: Members; readonly claims: Members } {
  const [header = '', claims, signature] = compact.split('.')
  if (claims === undefined || signature === undefined) {
    throw new Error('the template is no compact token')
  }
  return { header: decode(header), claims: decode(claims) }
}

function decode(part: string): Members {
  return JSON.parse(Buffer.from(part, 'base64url').toString()) as Members
}

function encode(members: Members): string {
  return Buffer.from(JSON.stringify(members)).toString('base64url')
}

/** A first token from the claims alone: the template of an issuer that has no login here. */
export function signToken(header: Members, claims: Members, privateKey: JsonWebKey): string {
  const key = createPrivateKey({ key: privateKey, format: 'jwk' })
  return withSignature(`${encode(header)}.${encode(claims)}`, key)
}
