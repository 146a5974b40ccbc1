// The signed identity between sidecar and backend: compact JWS, HMAC-SHA-256, a few seconds of life,
// bound to one handshake by its Sec-WebSocket-Key. Reaching the backend's port directly gains nothing without it.
// Signed with node:crypto (the hot path), verified with jose, so that what is sent is the standard's form.

import { createHmac, createSecretKey, hkdfSync, randomUUID } from 'node:crypto'
import { jwtVerify } from 'jose'
import { z } from 'zod'
import type { Identity, PendingIdentity, StandingIdentity } from './identity.ts'
import { clientAddressSchema, standingIdentitySchema } from './identity-schema.ts'
import { err, ok, type Result } from './result.ts'

/** How long an assertion may be used, in seconds. */
export const assertionLifeSeconds = 10

/** Clocks of sidecar and backend may differ by this much. */
const clockToleranceSeconds = 2

/** For as long as this, from its first use, an assertion could be used again: what a replay memory must cover. */
export const assertionUsableMs = (assertionLifeSeconds + 2 * clockToleranceSeconds) * 1000

/** Whom the sidecar signs identities for: a name that both ends and the key's derivation agree on. */
export const backendAudience = 'ws-backend'

const assertionIssuer = 'sallyport-sidecar'
const assertionType = 'sallyport-identity+jwt'

/** One key of the assertion ring. `secret` is already derived for one audience. */
export type AssertionKey = { readonly keyId: string; readonly secret: Uint8Array }

const ringSchema = z.object({
  keys: z
    .array(
      z.object({
        keyId: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
        secret: z.base64url().transform((text) => new Uint8Array(Buffer.from(text, 'base64url'))),
      }),
    )
    .min(1)
    .refine(
      (keys) => keys.every((key) => key.secret.length >= 32),
      'a secret has less than 256 bits',
    ),
})

/** Reads a ring from its file's text: `{"keys":[{"keyId","secret"}]}`, newest first. Throws on any other form. */
export function parseAssertionRing(text: string): readonly AssertionKey[] {
  return ringSchema.parse(JSON.parse(text)).keys
}

/** What a handshake is bound to. */
export type AssertionBinding = { readonly audience: string; readonly webSocketKey: string }

/**
 * Derives the key of one audience from the master secret (HKDF, RFC 5869), so that a backend
 * holds a key that is good for itself only.
 */
export function deriveAssertionKey(master: Uint8Array, audience: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', master, 'sallyport-assertion', audience, 32))
}

/** What differs from one handshake of an identity to the next. */
export type Present = Pick<Identity, 'ttlMs' | 'clientAddress'>

/** Makes assertions for one audience. */
export type AssertionSigner = {
  /** `ttlMs` counts from now. What is said about `identity` is encoded once for as long as that object lives. */
  readonly sign: (identity: StandingIdentity, present: Present, webSocketKey: string) => string
  /** For a socket that may only authenticate. */
  readonly signPending: (pending: PendingIdentity, webSocketKey: string) => string
}

/** Builds the signer for one audience; the header and the HMAC key are prepared once. */
export function createAssertionSigner(
  key: AssertionKey,
  audience: string,
  now: () => number,
): AssertionSigner {
  const secret = createSecretKey(key.secret)
  const header = encode(JSON.stringify({ alg: 'HS256', typ: assertionType, kid: key.keyId }))
  const beginnings = new WeakMap<StandingIdentity, string>()

  /** Header and the payload's lasting part. Blanks fill the last three bytes: base64url goes on where it ends. */
  function begin(about: object): string {
    const lasting = { iss: assertionIssuer, aud: audience, ...about }
    const text = `${JSON.stringify(lasting).slice(0, -1)},`
    const blanks = ' '.repeat((3 - (Buffer.byteLength(text) % 3)) % 3)
    return `${header}.${encode(text + blanks)}`
  }

  /** `more` are members of JSON, each with a comma behind it. */
  function finish(beginning: string, more: string, webSocketKey: string): string {
    const nowMs = now()
    const issuedAt = Math.floor(nowMs / 1000)
    const times = `"iat":${issuedAt},"exp":${issuedAt + assertionLifeSeconds},"made":${nowMs}`
    const binding = `"jti":"${randomUUID()}","wsk":${JSON.stringify(webSocketKey)}`
    const input = beginning + encode(`${more}${times},${binding}}`)
    const signature = createHmac('sha256', secret).update(input).digest('base64url')
    return `${input}.${signature}`
  }

  return {
    sign(identity, { ttlMs, clientAddress }, webSocketKey) {
      let beginning = beginnings.get(identity)
      if (beginning === undefined) {
        beginning = begin({ sub: identity.subject, id: identity })
        beginnings.set(identity, beginning)
      }
      const present = `"ttl":${ttlMs},"from":${JSON.stringify(clientAddress)},`
      return finish(beginning, present, webSocketKey)
    },
    signPending: (pending, webSocketKey) => finish(begin({ pending }), '', webSocketKey),
  }
}

const bindingSchema = z.object({
  jti: z.string().min(8).max(64),
  wsk: z.string(),
  /** When `ttl` was true, in milliseconds; `iat` has whole seconds only. */
  made: z.number().int().positive(),
})

// One or the other: an assertion that named both would let a reader choose.
const claimsSchema = z.union([
  bindingSchema.extend({
    id: standingIdentitySchema,
    ttl: z.number().finite().positive(),
    from: clientAddressSchema,
    pending: z.undefined().optional(),
  }),
  bindingSchema.extend({
    id: z.undefined().optional(),
    pending: z.object({
      route: z.string().min(1).max(64),
      origin: z.string().max(512).exactOptional(),
      clientAddress: z.string().max(64),
    }),
  }),
])

/** Why an assertion was not believed. */
export type AssertionFault = 'assertion-invalid' | 'assertion-not-for-this-handshake'

/** A believed assertion: an identity, or leave to authenticate. `nonce` is for the caller's replay check. */
export type VerifiedAssertion = { readonly nonce: string } & (
  | { readonly kind: 'identity'; readonly identity: Identity }
  | { readonly kind: 'pending'; readonly pending: PendingIdentity }
)

/**
 * Verifies an assertion against the ring (several keys overlap during a rotation) and its binding.
 * Throws nothing for a bad assertion: a forged one is an expected refusal.
 */
export async function verifyAssertion(
  token: string,
  ring: readonly AssertionKey[],
  binding: AssertionBinding,
  now: () => number,
): Promise<Result<VerifiedAssertion, AssertionFault>> {
  const verified = await jwtVerify(token, ({ kid }) => secretOf(ring, kid), {
    algorithms: ['HS256'],
    typ: assertionType,
    issuer: assertionIssuer,
    audience: binding.audience,
    requiredClaims: ['exp', 'iat', 'jti'],
    maxTokenAge: assertionLifeSeconds,
    clockTolerance: clockToleranceSeconds,
    currentDate: new Date(now()),
  }).catch(() => undefined)
  const claims = claimsSchema.safeParse(verified?.payload)
  if (!claims.success) return err('assertion-invalid')
  const { jti, wsk, made } = claims.data
  if (wsk !== binding.webSocketKey) return err('assertion-not-for-this-handshake')
  if (claims.data.id === undefined) {
    return ok({ nonce: jti, kind: 'pending', pending: claims.data.pending })
  }
  const { id, ttl, from } = claims.data
  const identity = { ...id, clientAddress: from, ttlMs: remainingMs(ttl, made, now()) }
  return ok({ nonce: jti, kind: 'identity', identity })
}

/** What is left of the lifetime when the assertion arrives; clocks that disagree cannot lengthen it. */
function remainingMs(ttlMs: number, madeMs: number, nowMs: number): number {
  const elapsedMs = Math.max(0, nowMs - madeMs)
  return Math.max(1, ttlMs - elapsedMs)
}

function secretOf(ring: readonly AssertionKey[], keyId: string | undefined): Uint8Array {
  const key = ring.find((candidate) => candidate.keyId === keyId)
  if (!key) throw new Error('no such assertion key')
  return key.secret
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url')
}
