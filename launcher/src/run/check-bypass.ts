// SIDECAR_DEVELOPMENT_BYPASS against the users file: the sidecar would refuse a name that nobody has, but only once it
// starts. Judged here when the file is there; a first run makes it.

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Context } from '../context.ts'
import { readJson } from '../state-folder.ts'

/** The fault of the setting; undefined when there is none, or nothing to hold it against. */
export function faultOfBypass({ root, state, settings }: Context): string | undefined {
  const name = settings['SIDECAR_DEVELOPMENT_BYPASS']
  if (name === undefined) return undefined
  const file = resolve(root, settings['SIDECAR_USERS_FILE'] ?? state.users)
  if (!existsSync(file)) return undefined
  const users = readJson(file)
  const isThere =
    Array.isArray(users) &&
    users.some((user: unknown) => (Object(user) as { username?: unknown }).username === name)
  return isThere ? undefined : `SIDECAR_DEVELOPMENT_BYPASS: nobody in ${file} has this user name`
}
