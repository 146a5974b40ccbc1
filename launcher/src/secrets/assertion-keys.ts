// Keys of the identity assertion: the master stays with the sidecar, the backend gets what is derived for it,
// so a backend could mint an identity for itself only.

import { randomBytes } from 'node:crypto'
import { backendAudience, deriveAssertionKey } from '@sallyport/contracts/identity-assertion'
import { readJson, type StatePaths, writePrivateJson } from '../state-folder.ts'

type KeyFile = { readonly keys: readonly { readonly keyId: string; readonly secret: string }[] }

/** Makes the master unless it is there, and the backend's file from it; returns whether it made a master. */
export function ensureAssertionKeys(paths: StatePaths): boolean {
  const kept = readKeyFile(paths.assertionMaster)
  const master = kept ?? makeMaster()
  if (!kept) writePrivateJson(paths.assertionMaster, master)
  const keys = master.keys.map(({ keyId, secret }) => {
    const derived = deriveAssertionKey(Buffer.from(secret, 'base64url'), backendAudience)
    return { keyId, secret: Buffer.from(derived).toString('base64url') }
  })
  writePrivateJson(paths.assertionBackend, { keys })
  return !kept
}

function makeMaster(): KeyFile {
  const keyId = randomBytes(6).toString('hex')
  return { keys: [{ keyId, secret: randomBytes(32).toString('base64url') }] }
}

function readKeyFile(path: string): KeyFile | undefined {
  const value = readJson(path)
  const isKeyFile = typeof value === 'object' && value !== null && 'keys' in value
  return isKeyFile && Array.isArray(value.keys) && value.keys.length > 0
    ? (value as KeyFile)
    : undefined
}
