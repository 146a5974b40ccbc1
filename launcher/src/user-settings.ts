// What the user set: the process environment over an optional `.env`, and the launcher's own variables in it.
// Pure; main.ts passes the environment and the file's text in.

import { parseEnv } from 'node:util'
import { err, ok, type Result } from '@sallyport/contracts/result'
import type { UserSettings } from './context.ts'
import type { PreferredPorts } from './ports.ts'
import { maxReplicas, type Topology } from './topology.ts'
import { readTrustedProxies } from './traefik/trusted-proxies.ts'

const defaultPorts = { public: 8080, management: 8090 } as const

/** Merges both sources; an empty value counts as unset. */
export function mergeUserSettings(
  environment: Readonly<Record<string, string | undefined>>,
  envFile: string | undefined,
): UserSettings {
  const isSet = (entry: [string, string | undefined]): entry is [string, string] =>
    entry[1] !== undefined && entry[1] !== ''
  const fromFile = envFile === undefined ? [] : Object.entries(parseEnv(envFile)).filter(isSet)
  return Object.fromEntries([...fromFile, ...Object.entries(environment).filter(isSet)])
}

/** What a run is asked to be. */
export type RunPlan = {
  readonly ports: PreferredPorts
  readonly topology: Topology
  /** What was chosen in place of the user, for people. */
  readonly notes: readonly string[]
}

/**
 * Checks what `up` is asked for; the error lists every reason why it cannot be had, `given` ones (of
 * `findSettingsFaults`) first.
 */
export function decideRun(
  settings: UserSettings,
  given: readonly string[] = [],
): Result<RunPlan, readonly string[]> {
  const faults = [...given]
  const { MODE, SALLYPORT_MODE } = settings
  if (MODE === 'compose') {
    faults.push('MODE=compose is not available yet: this release runs natively, leave MODE out')
  } else if (MODE !== undefined && MODE !== 'native') {
    faults.push(`MODE=${MODE}: there is only MODE=native in this release`)
  }
  const topology = readTopology(settings, faults)
  if (SALLYPORT_MODE !== undefined && SALLYPORT_MODE !== 'development') {
    faults.push(
      `SALLYPORT_MODE=${SALLYPORT_MODE}: a native run is for development only (demo users, plain http)`,
    )
  }
  const proxies = readTrustedProxies(settings)
  if (!proxies.ok) faults.push(...proxies.error)
  checkSwitch(settings, 'DETACH', faults)
  checkSwitch(settings, 'SALLYPORT_FOREGROUND', faults)
  const publicPort = readPort(settings, 'PUBLIC_PORT', defaultPorts.public, faults)
  const management = readPort(settings, 'MANAGEMENT_PORT', defaultPorts.management, faults)
  if (faults.length > 0) return err(faults)
  const notes =
    topology.state === 'redis' && settings['STATE'] === undefined
      ? [`REPLICAS=${topology.replicas} shares its state through Redis: STATE=redis is chosen`]
      : []
  return ok({ ports: { public: publicPort, management }, topology, notes })
}

/** Several replicas share sessions and revocations: memory, which each has of its own, cannot hold them. */
function readTopology(settings: UserSettings, faults: string[]): Topology {
  const { STATE, REPLICAS } = settings
  const replicas = /^[1-9]$/.test(REPLICAS ?? '1') ? Number(REPLICAS ?? '1') : 0
  if (replicas < 1 || replicas > maxReplicas) {
    faults.push(`REPLICAS=${REPLICAS}: there is only REPLICAS=1 and REPLICAS=${maxReplicas}`)
  }
  if (STATE !== undefined && STATE !== 'memory' && STATE !== 'redis') {
    faults.push(`STATE=${STATE}: there is only STATE=memory and STATE=redis`)
  }
  const isReplicated = replicas > 1
  if (isReplicated && STATE === 'memory') {
    faults.push(
      `REPLICAS=${REPLICAS} needs STATE=redis: with STATE=memory no replica would know of the other's sessions`,
    )
  }
  return { replicas, state: STATE === 'redis' || isReplicated ? 'redis' : 'memory' }
}

function checkSwitch(settings: UserSettings, name: string, faults: string[]): void {
  const text = settings[name]
  if (text !== undefined && text !== '0' && text !== '1')
    faults.push(`${name}: must be 1, 0 or empty`)
}

function readPort(
  settings: UserSettings,
  name: string,
  fallback: number,
  faults: string[],
): number {
  const text = settings[name]
  if (text === undefined) return fallback
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  faults.push(`${name}: must be a port number, or 0 for any free one`)
  return fallback
}
