// The two rings of which one key signs, as their files hold them: the built-in issuer's token keys, and the assertion
// master from which each backend's keys are derived.

import { readdirSync } from 'node:fs'
import { backendAudience } from '@sallyport/contracts/identity-assertion'
import { writeBackendKeys } from '../secrets/assertion-keys.ts'
import { type AssertionMasterKey, makeAssertionKey, makeTokenKey } from '../secrets/make-keys.ts'
import { readJson, type StatePaths, writePrivateJson } from '../state-folder.ts'
import type { RingKey } from './ring-stages.ts'
import type { SigningRing } from './rotate-ring.ts'

/** The longest token life that the sidecar can be set to (SIDECAR_TOKEN_LIFE_SECONDS), and a minute for clocks. */
const keepTokenKeyMs = 3_660_000
/** An assertion lives for seconds; this is for machines that are slow to hear of the new key. */
const keepAssertionKeyMs = 60_000

export type TokenKey = RingKey & { readonly kid: string }
export type MasterKey = RingKey & AssertionMasterKey

/** The built-in issuer's ring. */
export function tokenRing({ tokenKeys }: StatePaths): SigningRing<TokenKey> {
  return {
    ring: 'token',
    read: () => readRing<TokenKey>(tokenKeys),
    write: (keys) => writePrivateJson(tokenKeys, { keys }),
    makeKey: makeTokenKey,
    idOf: ({ kid }) => kid,
    keepMs: keepTokenKeyMs,
    unseen: [],
  }
}

/** The assertion master's ring, with the rings of all backends. */
export function assertionRing(state: StatePaths): SigningRing<MasterKey> {
  const backends = backendsOf(state)
  return {
    ring: 'assertion',
    read: () => readRing<MasterKey>(state.assertionMaster),
    write(keys) {
      writePrivateJson(state.assertionMaster, { keys })
      writeBackendKeys(state, [backendAudience, ...backends])
    },
    makeKey: makeAssertionKey,
    idOf: ({ keyId }) => keyId,
    keepMs: keepAssertionKeyMs,
    unseen: backends,
  }
}

/** Backends of sallyport.yml that are not ours: those that have a file of keys. */
function backendsOf({ keys }: StatePaths): readonly string[] {
  const names = readdirSync(keys).map((name) => /^assertion-(.+)\.json$/.exec(name)?.[1])
  return names.filter(
    (name): name is string => name !== undefined && name !== 'master' && name !== backendAudience,
  )
}

function readRing<Key>(path: string): readonly Key[] {
  const value = readJson(path) as { readonly keys?: readonly Key[] } | undefined
  if (!Array.isArray(value?.keys) || value.keys.length === 0) {
    throw new Error(`${path} holds no key`)
  }
  return value.keys
}
