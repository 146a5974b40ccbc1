// Reads the files that hold secrets. A file of the wrong form stops the start and is named; its content never is.

import { readFileSync } from 'node:fs'
import { type AssertionKey, parseAssertionRing } from '@sallyport/contracts/identity-assertion'
import type { Settings } from './config.ts'
import { type User, usersFileSchema } from './login/password-hash.ts'
import { createKeyRing, type KeyRing } from './tokens/key-ring.ts'

/** What the files hold, checked. */
export type Secrets = {
  readonly keyRing: KeyRing
  readonly assertionKeys: readonly AssertionKey[]
  readonly users: readonly User[]
}

/** Reads all secret files of the settings; rejects with a message that names the file at fault. */
export async function loadSecretFiles(settings: Settings): Promise<Secrets> {
  const { SIDECAR_TOKEN_KEYS_FILE, SIDECAR_ASSERTION_KEYS_FILE, SIDECAR_USERS_FILE } = settings
  return {
    keyRing: await read('SIDECAR_TOKEN_KEYS_FILE', SIDECAR_TOKEN_KEYS_FILE, (text) =>
      createKeyRing(JSON.parse(text)),
    ),
    assertionKeys: await read(
      'SIDECAR_ASSERTION_KEYS_FILE',
      SIDECAR_ASSERTION_KEYS_FILE,
      parseAssertionRing,
    ),
    users: SIDECAR_USERS_FILE
      ? await read('SIDECAR_USERS_FILE', SIDECAR_USERS_FILE, (text) =>
          usersFileSchema.parse(JSON.parse(text)),
        )
      : [],
  }
}

async function read<T>(
  name: string,
  path: string,
  parse: (text: string) => T | Promise<T>,
): Promise<T> {
  try {
    return await parse(readFileSync(path, 'utf8'))
  } catch {
    // The cause may quote the file's content, which is a secret: it stays out.
    throw new Error(`${name}: ${path} is not of the expected form`)
  }
}
