// Traefik's dynamic files of a native run: the hand-written ones copied, routes.yml rendered beside them, all in the
// state folder. Traefik watches that folder; a file is replaced in one step, so that it never reads half of one.

import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Policy } from '@sallyport/contracts/policy'
import { watchFile } from '@sallyport/contracts/sallyport-file/watch-file'
import type { ChildEnvironment } from '../environment.ts'
import { parsePolicyText, policyPath } from '../policy-file.ts'
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
  readonly onRendered: () => void
  readonly onFaults: (faults: readonly string[]) => void
}

/** Renders the routes anew whenever sallyport.yml changes; a faulty one changes nothing. */
export function followPolicy(input: FollowInput): { readonly close: () => void } {
  const { root, state, environments } = input
  const sidecar = environments['auth-sidecar']
  const path = policyPath(root, sidecar)
  return watchFile(path, readFileSync(path, 'utf8'), (text) => {
    if (text === undefined) return input.onFaults([`${path}: cannot be read`])
    const policy = parsePolicyText(root, sidecar, text)
    if (!policy.ok) return input.onFaults(policy.error)
    writeRoutes(state, policy.value, renderOptionsOf(environments.traefik))
    input.onRendered()
  })
}
