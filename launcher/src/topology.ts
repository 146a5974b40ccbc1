// Which processes a native run consists of, and in which stages they start and stop. Pure; knows no port and no path.

/** Where sessions, tickets, attempts and authority are kept. */
export type StateKind = 'memory' | 'redis'

/** How much there is of a run. */
export type Topology = {
  /** Pairs of Traefik and sidecar, each with a backend of its own beside it. */
  readonly replicas: number
  readonly state: StateKind
}

/** What `make up` starts unless it is told otherwise. */
export const singleTopology: Topology = { replicas: 1, state: 'memory' }

export const maxReplicas = 2

/** Services in start order: each needs those before it. */
const serviceNames = ['redis', 'auth-sidecar', 'ws-backend', 'frontend', 'traefik'] as const

export type ServiceName = (typeof serviceNames)[number]

/** The backend drains first, while Traefik still carries its goodbyes; what keeps the state goes last. */
const stopOrder: readonly ServiceName[] = [
  'ws-backend',
  'traefik',
  'auth-sidecar',
  'frontend',
  'redis',
]

const replicated: ReadonlySet<ServiceName> = new Set(['auth-sidecar', 'ws-backend', 'traefik'])

/** One process of a run. */
export type Instance = {
  /** `traefik`, and `traefik-2` for the one of the second pair: of logs, pids, `make status`. */
  readonly name: string
  readonly service: ServiceName
  /** Which pair it belongs to; 0 is the first, and what there is one of. */
  readonly replica: number
}

/** The name of a service's process in one pair. */
export function instanceName(service: ServiceName, replica: number): string {
  return replica === 0 ? service : `${service}-${replica + 1}`
}

/** Every process of a run in start order, stage by stage: those of one stage need nothing of each other. */
export function startStages(topology: Topology): readonly (readonly Instance[])[] {
  return serviceNames
    .filter((service) => service !== 'redis' || topology.state === 'redis')
    .map((service) => instancesOf(service, topology.replicas))
}

/** The names in the order in which they are stopped, stage by stage. */
export function stopStages(topology: Topology): readonly (readonly string[])[] {
  return stopOrder.map((service) => instancesOf(service, topology.replicas).map(({ name }) => name))
}

/** Every process of a run, in start order. */
export function instancesOfRun(topology: Topology): readonly Instance[] {
  return startStages(topology).flat()
}

/** Every name that a process of some run may have. */
export const instanceNames: readonly string[] = instancesOfRun({
  replicas: maxReplicas,
  state: 'redis',
}).map(({ name }) => name)

function instancesOf(service: ServiceName, replicas: number): readonly Instance[] {
  const count = replicated.has(service) ? replicas : 1
  return Array.from({ length: count }, (_none, replica) => ({
    name: instanceName(service, replica),
    service,
    replica,
  }))
}
