// The password of the sidecars' user in Redis, made at first run and kept. Redis itself is told its hash.

import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { type StatePaths, writePrivateFile } from '../state-folder.ts'

/** Makes the file unless it is there; returns whether it made one. */
export function ensureRedisPassword({ redisPassword }: StatePaths): boolean {
  if (existsSync(redisPassword)) return false
  writePrivateFile(redisPassword, randomBytes(32).toString('base64url'))
  return true
}
