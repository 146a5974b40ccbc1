// The built-in issuer's signing key, made at first run and kept.

import { existsSync } from 'node:fs'
import { writePrivateJson } from '../state-folder.ts'
import { makeTokenKey } from './make-keys.ts'

/** Makes the key file unless it is there; returns whether it made one. */
export function ensureTokenKeys(path: string): boolean {
  if (existsSync(path)) return false
  writePrivateJson(path, { keys: [makeTokenKey()] })
  return true
}
