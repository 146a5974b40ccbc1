// Keys of the identity assertion: the master stays with the sidecar, each backend gets what is derived for it,
// so a backend could mint an identity for itself only.

import { dirname } from 'node:path'
import { backendAudience, deriveAssertionKey } from '@sallyport/contracts/identity-assertion'
import { assertionKeys, readJson, type StatePaths, writePrivateJson } from '../state-folder.ts'
import { type AssertionMasterKey, makeAssertionKey } from './make-keys.ts'

type KeyFile = { readonly keys: readonly AssertionMasterKey[] }

/** Makes the master unless it is there, and our backend's file from it; returns whether it made a master. */
export function ensureAssertionKeys(paths: StatePaths): boolean {
  const kept = readKeyFile(paths.assertionMaster)
  const master = kept ?? { keys: [makeAssertionKey()] }
  if (!kept) writePrivateJson(paths.assertionMaster, master)
  writePrivateJson(paths.assertionBackend, keysFor(backendAudience, master))
  return !kept
}

/** Writes the key file of each of these backends; throws when there is no master, or a file cannot be written. */
export function writeBackendKeys(paths: StatePaths, backends: readonly string[]): void {
  const master = readKeyFile(paths.assertionMaster)
  if (!master) throw new Error(`${paths.assertionMaster} holds no key`)
  for (const backend of backends) {
    const path = assertionKeys(paths, backend)
    // Names are checked with the file; should a check there be lost, no other file must be the price.
    if (dirname(path) !== paths.keys || path === paths.assertionMaster) {
      throw new Error(`${JSON.stringify(backend)} is no name of a backend`)
    }
    writePrivateJson(path, keysFor(backend, master))
  }
}

function keysFor(backend: string, master: KeyFile): KeyFile {
  const keys = master.keys.map(({ keyId, secret }) => {
    const derived = deriveAssertionKey(Buffer.from(secret, 'base64url'), backend)
    return { keyId, secret: Buffer.from(derived).toString('base64url') }
  })
  return { keys }
}

function readKeyFile(path: string): KeyFile | undefined {
  const value = readJson(path)
  const isKeyFile = typeof value === 'object' && value !== null && 'keys' in value
  return isKeyFile && Array.isArray(value.keys) && value.keys.length > 0
    ? (value as KeyFile)
    : undefined
}
