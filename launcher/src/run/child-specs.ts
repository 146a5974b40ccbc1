// The processes of a native run in start order: what is run, and how each says that it is ready.

import { join } from 'node:path'
import { type Addresses, readinessUrl, type ServiceName } from '../endpoints.ts'
import type { ChildEnvironment } from '../environment.ts'
import type { StatePaths } from '../state-folder.ts'
import type { ChildSpec } from './child.ts'
import { answersOk } from './readiness.ts'

/** The backend drains first, while Traefik still carries its goodbyes. */
export const stopOrder: readonly ServiceName[] = [
  'ws-backend',
  'traefik',
  'auth-sidecar',
  'frontend',
]

/** Entry points of the services, from the repository's root. */
export const serviceEntries = {
  'auth-sidecar': 'auth-sidecar/src/main.ts',
  'ws-backend': 'ws-backend/src/main.ts',
  frontend: 'frontend/server/main.ts',
} as const

type ChildSpecsInput = {
  readonly root: string
  readonly state: StatePaths
  readonly addresses: Addresses
  readonly environments: Readonly<Record<ServiceName, ChildEnvironment>>
  readonly traefik: string
}

/** Lists the children in start order. */
export function childSpecs(input: ChildSpecsInput): ChildSpec[] {
  const { addresses, environments, root, state } = input
  const service = (name: keyof typeof serviceEntries): ChildSpec => ({
    name,
    command: process.execPath,
    arguments: [join(root, serviceEntries[name])],
    environment: environments[name],
    directory: root,
    isReady: () => answersOk(readinessUrl(addresses, name)),
  })
  return [
    service('auth-sidecar'),
    service('ws-backend'),
    service('frontend'),
    {
      name: 'traefik',
      command: input.traefik,
      arguments: [`--configFile=${state.traefikStatic}`],
      environment: environments.traefik,
      directory: state.traefik,
      isReady: () => isGateOpen(addresses),
    },
  ]
}

/** Traefik answers before it has read its routes: it counts as ready when the backend answers through it. */
async function isGateOpen(addresses: Addresses): Promise<boolean> {
  if (!(await answersOk(readinessUrl(addresses, 'traefik')))) return false
  for (const address of addresses.publicAlternates) {
    if (!(await answersOk(`${address}/ws/health`))) return false
  }
  return true
}
