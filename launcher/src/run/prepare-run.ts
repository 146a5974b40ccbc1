// Everything that a native run needs before its first process: secrets, ports, files. Starts nothing.

import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ok, type Result } from '@sallyport/contracts/result'
import type { Context, UserSettings } from '../context.ts'
import { type Addresses, addressesOf } from '../endpoints.ts'
import { type Environments, environmentsOf, ignoredLine, ignoredSettings } from '../environment.ts'
import { readPolicyFile } from '../policy-file.ts'
import { type ChosenPorts, choosePorts, type PreferredPorts, preferredOf } from '../ports.ts'
import { writeRedisFiles } from '../redis/redis-files.ts'
import { writeBackendKeys } from '../secrets/assertion-keys.ts'
import { ensureSecrets } from '../secrets/ensure-secrets.ts'
import { ensureRedisPassword } from '../secrets/redis-password.ts'
import {
  accessLog,
  authorityFolder,
  authorityFolders,
  preparePrivateFolder,
  type StatePaths,
  traefikStatic,
  writePrivateFile,
} from '../state-folder.ts'
import { instanceName, type StateKind } from '../topology.ts'
import { renderOptionsOf, writeDynamicFiles } from '../traefik/dynamic-files.ts'
import { renderStaticConfig } from '../traefik/render-static-config.ts'
import { readTrustedProxies } from '../traefik/trusted-proxies.ts'
import type { RunPlan } from '../user-settings.ts'
import type { ChildSpec } from './child.ts'
import { type Binaries, childSpecs } from './child-specs.ts'

export type PreparedRun = {
  readonly addresses: Addresses
  readonly environments: Environments
  readonly stages: readonly (readonly ChildSpec[])[]
  /** The text of sallyport.yml that the routes were made from. */
  readonly text: string
}

/** Prepares it; the error names the faults of sallyport.yml. */
export async function prepareRun(
  context: Context,
  plan: RunPlan,
  binaries: Binaries,
): Promise<Result<PreparedRun, readonly string[]>> {
  const { root, state, settings, output } = context
  for (const note of plan.notes) output.line(note)
  forgetOtherState(context, plan.topology.state)
  const made = await ensureSecrets(state, Date.now)
  if (plan.topology.state === 'redis' && ensureRedisPassword(state)) made.push('password of Redis')
  for (let replica = 0; replica < plan.topology.replicas; replica += 1) {
    preparePrivateFolder(authorityFolder(state, replica))
  }
  if (made.length > 0) output.line(`made new: ${made.join(', ')} (in ${state.directory})`)
  const ports = await choosePorts(plan.ports, plan.topology)
  sayPorts(context, plan.ports, ports)
  const input = { root, state, settings, ports }
  for (const name of ignoredSettings(input)) output.line(ignoredLine(name))
  const addresses = addressesOf(ports)
  const environments = environmentsOf(input)
  const read = readPolicyFile(root, environments['auth-sidecar'])
  if (!read.ok) return read
  const { policy, text } = read.value
  writeBackendKeys(state, Object.keys(policy.backends))
  writeStaticConfigs(root, state, ports, settings)
  writeDynamicFiles(root, state, policy, renderOptionsOf(environments.traefik))
  if (ports.redis !== undefined) writeRedisFiles(state, ports.redis)
  const stages = childSpecs({ root, state, addresses, environments, binaries })
  return ok({ addresses, environments, stages, text })
}

/**
 * What one kind of state knows of revocations the other does not: the one that is not used is forgotten, and if it is
 * used again, everything that was issued before then is refused.
 */
function forgetOtherState({ state: paths, output }: Context, kind: StateKind): void {
  const wasRedis = existsSync(paths.redis)
  const folders = authorityFolders(paths)
  const isEmpty = (folder: string) => !existsSync(folder) || readdirSync(folder).length === 0
  if (wasRedis ? kind === 'redis' : kind === 'memory' || folders.every(isEmpty)) return
  for (const folder of [paths.redis, ...folders]) rmSync(folder, { recursive: true, force: true })
  const last = wasRedis ? 'redis' : 'memory'
  output.line(`the last run had STATE=${last}: who was signed in has to sign in again`)
}

/** Renders traefik-config/traefik.yml into the state folder, once for each Traefik and its ports. */
export function writeStaticConfigs(
  root: string,
  state: StatePaths,
  { replicas, hasIpv6Loopback }: ChosenPorts,
  settings: UserSettings,
): void {
  const proxies = readTrustedProxies(settings)
  const source = readFileSync(join(root, 'traefik-config', 'traefik.yml'), 'utf8')
  for (const [replica, ports] of replicas.entries()) {
    const name = instanceName('traefik', replica)
    const rendered = renderStaticConfig(source, {
      publicPort: ports.public,
      managementPort: ports.management,
      hasIpv6Loopback,
      dynamicDirectory: state.traefikDynamic,
      accessLog: accessLog(state, name),
      proxies: proxies.ok ? proxies.value : undefined,
    })
    writePrivateFile(traefikStatic(state, name), rendered)
  }
}

function sayPorts({ output }: Context, preferred: PreferredPorts, chosen: ChosenPorts): void {
  for (const [replica, ports] of chosen.replicas.entries()) {
    const wanted = preferredOf(preferred, replica)
    for (const name of ['public', 'management'] as const) {
      if (wanted[name] !== 0 && wanted[name] !== ports[name]) {
        output.line(`port ${wanted[name]} (${name}) is taken, using ${ports[name]}`)
      }
    }
  }
}
