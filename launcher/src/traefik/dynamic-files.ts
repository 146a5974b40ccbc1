// Traefik's dynamic files of a native run: the hand-written ones copied, routes.yml rendered beside them, all in the
// state folder. Traefik watches that folder; a file is replaced in one step, so that it never reads half of one.

import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Policy } from '@sallyport/contracts/policy'
import { formatMissingFile } from '@sallyport/contracts/sallyport-file'
import { watchFile } from '@sallyport/contracts/sallyport-file/watch-file'
import type { ChildEnvironment } from '../environment.ts'
import { parsePolicyText, policyPath } from '../policy-file.ts'
import { writeBackendKeys } from '../secrets/assertion-keys.ts'
import { preparePrivateFolder, type StatePaths, writePrivateFile } from '../state-folder.ts'
import { type RenderOptions, renderRoutes } from './render-routes.ts'

const routesFile = 'routes.yml'

/** The environments of Traefik → what rendering needs to know. */
export function renderOptionsOf(traefik: ChildEnvironment): RenderOptions {
  return {
    entryPoints: (traefik['SALLYPORT_ENTRY_POINTS'] ?? '').split(','),
    proxyDepth: Number(traefik['SALLYPORT_PROXY_DEPTH'] ?? 0),
  }
}

/** Writes all dynamic files; what an earlier run left goes. */
export function writeDynamicFiles(
  root: string,
  state: StatePaths,
  policy: Policy,
  options: RenderOptions,
): void {
  rmSync(state.traefikDynamic, { recursive: true, force: true })
  mkdirSync(state.traefikDynamic, { recursive: true })
  preparePrivateFolder(state.traefikDynamic)
  const source = join(root, 'traefik-config', 'dynamic')
  for (const name of readdirSync(source)) {
    if (name === routesFile || !/\.ya?ml$/.test(name)) continue
    copyFileSync(join(source, name), join(state.traefikDynamic, name))
  }
  writeRoutes(state, policy, options)
}

function writeRoutes(state: StatePaths, policy: Policy, options: RenderOptions): void {
  const path = join(state.traefikDynamic, routesFile)
  // Beside the folder, not in it: Traefik would take the half-written one for a file of its own.
  writePrivateFile(path, renderRoutes(policy, options), join(state.traefik, `${routesFile}.new`))
}

type FollowInput = {
  readonly root: string
  readonly state: StatePaths
  readonly environments: {
    readonly 'auth-sidecar': ChildEnvironment
    readonly traefik: ChildEnvironment
  }
  /** What the files in force were made from: whatever differs from it is a change. */
  readonly text: string
  readonly onRendered: () => void
  readonly onFaults: (faults: readonly string[]) => void
}

/** Makes keys and routes anew whenever sallyport.yml changes; a faulty one, or a full disk, changes nothing. */
export function followPolicy(input: FollowInput): { readonly close: () => void } {
  const path = policyPath(input.root, input.environments['auth-sidecar'])
  return watchFile(path, input.text, (text) => {
    const faults = takeOver(path, text, input)
    try {
      if (faults.length > 0) input.onFaults(faults)
      else input.onRendered()
    } catch {
      // Whoever reports writes files, too: the system that runs is worth more than the report.
    }
  })
}

/** Writes what follows from the text; says what kept it from that. */
function takeOver(
  path: string,
  text: string | undefined,
  { root, state, environments }: FollowInput,
): readonly string[] {
  if (text === undefined) return [formatMissingFile(path)]
  const policy = parsePolicyText(root, environments['auth-sidecar'], text)
  if (!policy.ok) return policy.error
  try {
    // Keys first: a backend must have its own before the first assertion arrives.
    writeBackendKeys(state, Object.keys(policy.value.backends))
    writeRoutes(state, policy.value, renderOptionsOf(environments.traefik))
    return []
  } catch (error) {
    const why = error instanceof Error ? error.message : 'no reason given'
    return [`${path}: is good, but what follows from it could not be written: ${why}`]
  }
}
