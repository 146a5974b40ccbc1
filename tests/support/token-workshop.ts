// Tokens made by hand, byte by byte: what an attacker can make, with our key where the row says so. Text in, compact
// form out; nothing here knows which of them is good.

import {
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  randomUUID,
  sign,
} from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Stack } from './stack.ts'

export type Workshop = {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  readonly publicJwk: JsonWebKey
  readonly publicPem: string
  readonly nowSeconds: () => number
  /** A token like the model: parts are replaced as objects, or whole as text or bytes; signed by the system's key. */
  readonly signed: (parts?: Parts) => string
  /** The same with a stranger's key. */
  readonly forged: (parts?: Parts) => string
  /** The same with a signature of the caller's making. */
  readonly withSignature: (parts: Parts, make: (input: string) => Uint8Array) => string
  readonly strangerJwk: JsonWebKey
}

export type Parts = {
  /** Members that replace the model's; undefined removes one. */
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
  /** The whole part as it shall stand, before base64url. */
  readonly headerText?: string
  readonly payload?: string | Uint8Array
}

/** The order of the curve P-256. */
export const curveOrder = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

/** A workshop for tokens like `model`, with the system's own key beside a stranger's. */
export function openWorkshop(stack: Pick<Stack, 'stateFolder'>, model: string): Workshop {
  const file = join(stack.stateFolder, 'keys/token-keys.json')
  const { keys } = JSON.parse(readFileSync(file, 'utf8')) as { keys: JsonWebKey[] }
  const ours = keys[0] ?? {}
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    format: 'jwk',
  })
  const [header, claims] = model.split('.').map(parsePart)
  if (!header || !claims) throw new Error('the model is no token')
  const { kty, crv, x, y } = ours
  const publicKey = createPublicKey({ key: ours, format: 'jwk' })
  const input = (parts: Parts) => inputOf(parts, header, claims)
  const withSignature = (parts: Parts, make: (text: string) => Uint8Array) => {
    const text = input(parts)
    return `${text}.${base64url(make(text))}`
  }
  return {
    header,
    claims,
    publicJwk: { kty, crv, x, y } as JsonWebKey,
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    nowSeconds: () => Math.floor(Date.now() / 1000),
    strangerJwk: stranger,
    withSignature,
    signed: (parts = {}) => withSignature(parts, (text) => ecdsa(text, ours)),
    forged: (parts = {}) => withSignature(parts, (text) => ecdsa(text, stranger)),
  }
}

/** An ES256 signature in the form of JWS, or in DER. */
export function ecdsa(
  text: string,
  key: JsonWebKey,
  dsaEncoding: 'ieee-p1363' | 'der' = 'ieee-p1363',
): Buffer {
  return sign('sha256', Buffer.from(text), { key: key as never, format: 'jwk', dsaEncoding })
}

/** An HS256 signature. */
export function hmac(text: string, key: string | Uint8Array): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

export function base64url(bytes: string | Uint8Array): string {
  return Buffer.from(bytes as Uint8Array).toString('base64url')
}

/** 32 big-endian bytes. */
export function scalar(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex')
}

/** The other spelling of an ECDSA signature: s → n − s. */
export function malleate(token: string): string {
  const [header = '', payload = '', signature = ''] = token.split('.')
  const bytes = Buffer.from(signature, 'base64url')
  const s = BigInt(`0x${bytes.subarray(32).toString('hex')}`)
  const twin = Buffer.concat([bytes.subarray(0, 32), scalar(curveOrder - s)])
  return `${header}.${payload}.${base64url(twin)}`
}

function inputOf(
  parts: Parts,
  header: Readonly<Record<string, unknown>>,
  claims: Readonly<Record<string, unknown>>,
): string {
  const head = parts.headerText ?? JSON.stringify({ ...header, ...parts.header })
  const payload = parts.payload ?? JSON.stringify({ ...claims, jti: randomUUID(), ...parts.claims })
  return `${base64url(head)}.${base64url(payload)}`
}

function parsePart(part: string, index: number): Record<string, unknown> | undefined {
  if (index > 1) return undefined
  return JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>
}
