// Runs in a worker thread: hashing there keeps Argon2's 20 MiB and 40 ms away from the handshakes' event loop.

import { argon2Sync, timingSafeEqual } from 'node:crypto'
import { setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import { parsePasswordHash } from './password-hash.ts'

/** One question to the worker. */
export type PasswordQuestion = {
  readonly id: number
  readonly password: string
  readonly passwordHash: string
}

/** Its answer. */
export type PasswordAnswer = { readonly id: number; readonly matches: boolean }

// Handshakes come first. On Linux this is about the calling thread alone; elsewhere it would slow the whole process.
if (process.platform === 'linux') setPriority(19)

parentPort?.on('message', ({ id, password, passwordHash }: PasswordQuestion) => {
  const parsed = parsePasswordHash(passwordHash)
  const matches = parsed !== undefined && isMatch(password, parsed)
  parentPort?.postMessage({ id, matches } satisfies PasswordAnswer)
})

function isMatch(password: string, parsed: NonNullable<ReturnType<typeof parsePasswordHash>>) {
  const computed = argon2Sync('argon2id', {
    message: password,
    nonce: parsed.salt,
    parallelism: parsed.parallelism,
    tagLength: parsed.hash.length,
    memory: parsed.memoryKib,
    passes: parsed.passes,
  })
  return timingSafeEqual(computed, parsed.hash)
}
