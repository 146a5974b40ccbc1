// Finds a Go that can build Traefik: from 1.21 on, Go fetches the toolchain that a module asks for. Builds nothing.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { UserSettings } from '../context.ts'
import { findOnPath } from '../find-on-path.ts'

const oldestMinor = 21
const timeoutMs = 10_000

/** The oldest Go that will do, for people. */
export const oldestGo = `1.${oldestMinor}`

type FoundGo = { readonly path: string; readonly said: string; readonly isNewEnough: boolean }

/** The Go on the user's PATH, whatever its age; undefined when there is none. */
export async function findGo(settings: UserSettings): Promise<FoundGo | undefined> {
  const path = findOnPath('go', settings)
  if (!path) return undefined
  const options = { env: { ...settings }, timeout: timeoutMs }
  const answer = await promisify(execFile)(path, ['version'], options).catch(() => undefined)
  const said = answer?.stdout.split('\n')[0] ?? ''
  const [, major = 0, minor = 0] = (/go(\d+)\.(\d+)/.exec(said) ?? []).map(Number)
  const isNewEnough = major > 1 || (major === 1 && minor >= oldestMinor)
  return { path, said: said || `${path} without a version`, isNewEnough }
}
