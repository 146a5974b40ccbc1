// Reads the files that hold secrets. A file of the wrong form stops the start and is named; its content never is.

import { readFileSync } from 'node:fs'
import { type AssertionKey, parseAssertionRing } from '@sallyport/contracts/identity-assertion'
import type { Settings } from './config.ts'
import type { User } from './login/password-hash.ts'
import { parseUsersFile } from './login/users-file.ts'
import { createKeyRing, type KeyRing } from './tokens/key-ring.ts'

/** What the files hold, checked. */
export type Secrets = {
  readonly keyRing: KeyRing
  readonly assertionKeys: readonly AssertionKey[]
  /** As they are at the start; `login/follow-users.ts` goes on from here. */
  readonly users: readonly User[]
  /** Undefined where none is set. */
  readonly redisPassword: string | undefined
}

type SecretFile =
  | 'SIDECAR_TOKEN_KEYS_FILE'
  | 'SIDECAR_ASSERTION_KEYS_FILE'
  | 'SIDECAR_REDIS_PASSWORD_FILE'
  | 'SIDECAR_USERS_FILE'

/** Reads all secret files of the settings; rejects with one message that names every file at fault. */
export async function loadSecretFiles(settings: Settings): Promise<Secrets> {
  const faults: string[] = []
  async function read<T>(
    name: SecretFile,
    parse: (text: string) => T | Promise<T>,
  ): Promise<T | undefined> {
    const path = settings[name]
    try {
      return path === undefined ? undefined : await parse(readFileSync(path, 'utf8'))
    } catch {
      // The cause may quote the file's content, which is a secret: it stays out.
      faults.push(`${name}: ${path} is not of the expected form`)
      return undefined
    }
  }
  const keyRing = await read('SIDECAR_TOKEN_KEYS_FILE', (text) => createKeyRing(JSON.parse(text)))
  const assertionKeys = await read('SIDECAR_ASSERTION_KEYS_FILE', parseAssertionRing)
  const redisPassword = await read('SIDECAR_REDIS_PASSWORD_FILE', parsePassword)
  const users = await read('SIDECAR_USERS_FILE', parseUsersFile)
  if (users?.ok === false) {
    const said = users.error.join(', ')
    faults.push(`SIDECAR_USERS_FILE: ${settings.SIDECAR_USERS_FILE} is not as expected: ${said}`)
  }
  if (!keyRing || !assertionKeys || faults.length > 0) throw new Error(faults.join('; '))
  return { keyRing, assertionKeys, users: users?.ok ? users.value : [], redisPassword }
}

/** Editors leave a line break at the end. */
function parsePassword(text: string): string {
  const password = text.trim()
  if (password === '') throw new Error('there is no password')
  return password
}
