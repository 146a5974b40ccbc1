// The text of a refresh token: which family it is of, and a secret that is current in it or was. Neither is stored,
// only their hashes: whoever reads the store can present nothing, and cannot name a family either.

import { randomBytes } from 'node:crypto'
import { hashSecret } from '../sessions/session-secret.ts'

export type RefreshToken = {
  readonly text: string
  readonly familyId: Uint8Array
  readonly familyHash: string
  readonly secretHash: string
}

/** Stands before each, so that one that got into a log or a repository is recognised. */
const prefix = 'spr_'
/** Nothing else can be one of ours: 48 bytes, which have one spelling each. */
const form = /^spr_[A-Za-z0-9_-]{64}$/
const familyIdBytes = 16
const secretBytes = 32

/** The first token of a new family. */
export function createRefreshToken(): RefreshToken {
  return refreshTokenOf(randomBytes(familyIdBytes), randomBytes(secretBytes))
}

/** A token to take the place of another of its family. */
export function createNextRefreshToken({ familyId }: RefreshToken): RefreshToken {
  return refreshTokenOf(familyId, randomBytes(secretBytes))
}

/** What a text says it is; undefined for one that cannot be a refresh token of ours. */
export function parseRefreshToken(text: string): RefreshToken | undefined {
  if (!form.test(text)) return undefined
  const bytes = Buffer.from(text.slice(prefix.length), 'base64url')
  return refreshTokenOf(bytes.subarray(0, familyIdBytes), bytes.subarray(familyIdBytes))
}

function refreshTokenOf(familyId: Uint8Array, secret: Uint8Array): RefreshToken {
  return {
    text: `${prefix}${Buffer.concat([familyId, secret]).toString('base64url')}`,
    familyId,
    familyHash: hashOf(familyId),
    secretHash: hashOf(secret),
  }
}

const hashOf = (bytes: Uint8Array) => hashSecret(Buffer.from(bytes).toString('base64url'))
