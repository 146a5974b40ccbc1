// Finds a real Traefik: on PATH when it is new enough, else the one built earlier. Builds nothing itself.

import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { UserSettings } from '../context.ts'
import { findOnPath, isExecutable } from '../find-on-path.ts'

/** The oldest release that is accepted, and the one that is built. */
export const traefikVersion = '3.7.12'

type FoundTraefik = { readonly path: string; readonly origin: 'path' | 'cache' }

/** Looks for a usable Traefik; undefined when one has to be built. */
export async function findTraefik(
  root: string,
  settings: UserSettings,
): Promise<FoundTraefik | undefined> {
  const onPath = findOnPath('traefik', settings)
  if (onPath && isNewEnough(await versionOf(onPath))) return { path: onPath, origin: 'path' }
  const cached = join(traefikCacheFolder(root, settings), 'traefik')
  return isExecutable(cached) ? { path: cached, origin: 'cache' } : undefined
}

/** Where the built binary is kept: in the user's cache, one folder for each set of pinned sources. */
export function traefikCacheFolder(root: string, settings: UserSettings): string {
  const sources = createHash('sha256')
  for (const name of ['go.mod', 'go.sum']) {
    sources.update(readFileSync(join(traefikModule(root), name)))
  }
  const cache = settings['XDG_CACHE_HOME'] ?? join(settings['HOME'] ?? homedir(), '.cache')
  const hash = sources.digest('hex').slice(0, 12)
  return join(cache, 'sallyport', `traefik-${traefikVersion}-${hash}`)
}

/** The folder of the Go module that Traefik is built from. */
export function traefikModule(root: string): string {
  return join(root, 'launcher', 'traefik')
}

/** True for a release of Traefik 3 that is no older than the one we build. */
export function isNewEnough(version: string | undefined): boolean {
  const given = parseVersion(version ?? '')
  const needed = parseVersion(traefikVersion)
  if (!given || !needed || given.numbers[0] !== needed.numbers[0]) return false
  const different = needed.numbers.findIndex((number, index) => number !== given.numbers[index])
  if (different === -1) return !given.isPrerelease
  return (given.numbers[different] ?? 0) > (needed.numbers[different] ?? 0)
}

/** Reads the version out of what `traefik version` prints; undefined for development builds. */
export function readVersion(printed: string): string | undefined {
  return /^Version:\s+v?(\d+\.\d+\.\d+\S*)/m.exec(printed)?.[1]
}

/** What a Traefik says it is; undefined for development builds and for what does not run. */
export async function versionOf(path: string): Promise<string | undefined> {
  const printed = await promisify(execFile)(path, ['version'], { timeout: 5000 }).catch(
    () => undefined,
  )
  return printed && readVersion(printed.stdout)
}

function parseVersion(text: string) {
  const match = /^v?(\d+)\.(\d+)\.(\d+)(-\S+)?/.exec(text)
  if (!match) return undefined
  return { numbers: match.slice(1, 4).map(Number), isPrerelease: match[4] !== undefined }
}
