// The secret inside a session cookie: 256 random bits. Only its hash is ever stored.

import { hash, randomBytes } from 'node:crypto'

/** A new secret, base64url. */
export function createSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** What is stored of a secret. SHA-256 suffices: the secret has full entropy, nothing can be guessed. */
export function hashSecret(secret: string): string {
  return hash('sha256', secret, 'base64url')
}
