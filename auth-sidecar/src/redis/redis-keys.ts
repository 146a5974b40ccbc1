// Names of keys. Whatever a person or an identity provider chose is hashed: bounded, free of control characters, and
// readable to nobody who may list keys.

import { hash } from 'node:crypto'

/** The last part of a key for a text; different texts never share one. */
export function keyOf(text: string): string {
  return hash('sha256', text, 'base64url')
}

/** The same for a list of texts: never that of another list, nor, but by design, of one text. */
export function keyOfAll(...texts: readonly string[]): string {
  return keyOf(JSON.stringify(texts))
}
