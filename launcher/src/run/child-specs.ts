// The processes of a native run, stage by stage: what is run, how each says that it is ready, and which are kept alive.

import { join } from 'node:path'
import { type Addresses, type ReplicaAddresses, replicaOf, topologyOf } from '../endpoints.ts'
import type { Environments } from '../environment.ts'
import { saysDataAreLost, toJsonLine } from '../redis/redis-log.ts'
import { type StatePaths, traefikStatic } from '../state-folder.ts'
import { type Instance, startStages } from '../topology.ts'
import type { ChildSpec } from './child.ts'
import { answersOk, createReadiness } from './readiness.ts'

/** Entry points of the services, from the repository's root. */
export const serviceEntries = {
  'auth-sidecar': 'auth-sidecar/src/main.ts',
  'ws-backend': 'ws-backend/src/main.ts',
  frontend: 'frontend/server/main.ts',
} as const

/** Programs that are not ours, by path. */
export type Binaries = {
  readonly traefik: string
  /** Undefined when the state is in memory. */
  readonly redis: string | undefined
}

type ChildSpecsInput = {
  readonly root: string
  readonly state: StatePaths
  readonly addresses: Addresses
  readonly environments: Environments
  readonly binaries: Binaries
}

/** Lists the children in start order, stage by stage. */
export function childSpecs(input: ChildSpecsInput): readonly (readonly ChildSpec[])[] {
  return startStages(topologyOf(input.addresses)).map((stage) =>
    stage.map((instance) => childSpec(input, instance)),
  )
}

function childSpec(input: ChildSpecsInput, instance: Instance): ChildSpec {
  const { state, addresses, environments, root } = input
  const isReady = createReadiness(state, addresses, instance)
  const { name } = instance
  const common = { name, environment: environments[name] ?? {}, directory: root, isReady }
  const node = (service: keyof typeof serviceEntries): ChildSpec => ({
    ...common,
    command: process.execPath,
    arguments: [join(root, serviceEntries[service])],
  })
  switch (instance.service) {
    case 'redis':
      return redisSpec(input, common)
    case 'traefik':
      return traefikSpec(input, instance, common)
    case 'auth-sidecar':
      return { ...node('auth-sidecar'), ...keptAlive(addresses, instance) }
    case 'ws-backend':
    case 'frontend':
      return node(instance.service)
  }
}

type Common = Pick<ChildSpec, 'name' | 'environment' | 'directory' | 'isReady'>

function redisSpec({ state, binaries }: ChildSpecsInput, common: Common): ChildSpec {
  return {
    ...common,
    command: binaries.redis ?? 'redis-server',
    arguments: [state.redisConfig],
    directory: state.redis,
    toLogLine: (line) => toJsonLine(line, Date.now()),
    faultOf: (line) =>
      saysDataAreLost(line)
        ? `could not read back all that it had confirmed, so revocations may be missing: nothing is started on it. Delete ${state.redis}: then whoever was signed in has to sign in again`
        : undefined,
  }
}

function traefikSpec(input: ChildSpecsInput, instance: Instance, common: Common): ChildSpec {
  const { state, addresses, binaries } = input
  const own = replicaOf(addresses, instance)
  return {
    ...common,
    command: binaries.traefik,
    arguments: [`--configFile=${traefikStatic(state, instance.name)}`],
    directory: state.traefik,
    isReady: async () => (await common.isReady()) && isGateOpen(own),
  }
}

/** A sidecar whose event loop stands still answers nobody at its Traefik, and no other can take its place there. */
function keptAlive(addresses: Addresses, instance: Instance) {
  const { management } = replicaOf(addresses, instance).services['auth-sidecar']
  return {
    isAlive: (withinMs: number) => answersOk(`${management}/healthz`, withinMs),
    // Alone and with its sessions in memory, it would come back as another: then its end ends the run, and is seen.
    isRevived: addresses.replicas.length > 1,
  }
}

/** Traefik answers before it has read its routes: it counts as ready when the backend answers through it. */
async function isGateOpen(own: ReplicaAddresses): Promise<boolean> {
  for (const address of own.publicAlternates) {
    if (!(await answersOk(`${address}/ws/health`))) return false
  }
  return true
}
