// Demo users of a development run: passwords for people in credentials.json, hashes for the sidecar in users.json.
// Nothing here is ever in the repository: both files are made at first run and kept.

import { argon2Sync, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readJson, type StatePaths, writePrivateJson } from '../state-folder.ts'

type DemoUser = { readonly username: string; readonly password: string }

type Credentials = { readonly users: readonly DemoUser[]; readonly adminToken?: string }

const usernames = ['alice', 'bob'] as const

/** Enough to try a route that asks for a group: one who is in it, and one who is not. */
const groups: Readonly<Record<string, readonly string[]>> = { alice: ['staff'] }

/** 32 letters and digits that are not mistaken for each other: five bits a character. */
const alphabet = 'abcdefghjkmnpqrstuvwxyz023456789'

// OWASP's floor for argon2id; the sidecar reads the numbers from the hash.
const cost = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 } as const

/** Makes the users unless they are there; returns whether it made any. */
export function ensureDemoUsers(paths: StatePaths): boolean {
  const kept = readCredentials(paths)
  if (kept && existsSync(paths.users)) return false
  const credentials = kept ?? makeCredentials()
  writePrivateJson(
    paths.users,
    credentials.users.map(({ username, password }) => ({
      id: username,
      username,
      groups: groups[username] ?? [],
      passwordHash: hashPassword(password),
    })),
  )
  // Last, because its presence says that both are there.
  if (!kept) writePrivateJson(paths.credentials, credentials)
  return true
}

/** Reads credentials.json; undefined when there is none. */
export function readCredentials(paths: StatePaths): Credentials | undefined {
  const value = readJson(paths.credentials)
  const isCredentials = typeof value === 'object' && value !== null && 'users' in value
  return isCredentials && Array.isArray(value.users) ? (value as Credentials) : undefined
}

/** A random password of 100 bits in five groups, easy to read aloud. */
export function makePassword(): string {
  const letters = [...randomBytes(20)].map((byte) => alphabet[byte % alphabet.length])
  const groups = [0, 4, 8, 12, 16].map((start) => letters.slice(start, start + 4).join(''))
  return groups.join('-')
}

/** The PHC string of a password (argon2id, fresh salt, base64 without padding). */
function hashPassword(password: string): string {
  const nonce = randomBytes(16)
  const hash = argon2Sync('argon2id', { message: password, nonce, ...cost })
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64').replaceAll('=', '')
  const parameters = `m=${cost.memory},t=${cost.passes},p=${cost.parallelism}`
  return `$argon2id$v=19$${parameters}$${text(nonce)}$${text(hash)}`
}

function makeCredentials(): Credentials {
  return { users: usernames.map((username) => ({ username, password: makePassword() })) }
}
