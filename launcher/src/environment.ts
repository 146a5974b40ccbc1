// State folder, ports and user settings → the environment of each child. Pure. A child gets what it needs
// and nothing else: no child inherits the environment of the shell that started the launcher.

import { join } from 'node:path'
import type { UserSettings } from './context.ts'
import { type Addresses, addressesOf, publicOrigins, topologyOf } from './endpoints.ts'
import type { ChosenPorts } from './ports.ts'
import type { StatePaths } from './state-folder.ts'
import { type Instance, instancesOfRun, type ServiceName } from './topology.ts'
import { type WiringInput, wiringOf } from './wiring.ts'

export type ChildEnvironment = Readonly<Record<string, string>>

/** By the processes' names; of what every run has, the first is always there. */
export type Environments = Readonly<Record<Exclude<ServiceName, 'redis'>, ChildEnvironment>> &
  Readonly<Record<string, ChildEnvironment>>

type EnvironmentInput = {
  readonly root: string
  readonly state: StatePaths
  readonly ports: ChosenPorts
  readonly settings: UserSettings
}

const prefixes = {
  'auth-sidecar': 'SIDECAR_',
  'ws-backend': 'BACKEND_',
  frontend: 'FRONTEND_',
} as const

type OwnService = keyof typeof prefixes

/** Settings of everybody's that reach the children named. */
const shared: Readonly<Record<string, readonly ServiceName[]>> = {
  SALLYPORT_LOG_LEVEL: ['auth-sidecar', 'ws-backend', 'frontend'],
  SALLYPORT_POLICY_FILE: ['auth-sidecar'],
  WS_RATE_LIMIT: ['auth-sidecar'],
  GOMAXPROCS: ['traefik'],
}

/** Names that are passed on to some child as they are. */
export const sharedSettingNames: readonly string[] = Object.keys(shared)

/** What the services' own settings begin with. */
export const servicePrefixes: readonly string[] = Object.values(prefixes)

/** What Traefik's files read; the launcher sets them all, but for what has a default there. */
export const traefikSettingNames: readonly string[] = [
  'SALLYPORT_VERIFY_URL',
  'SALLYPORT_AUTH_URL',
  'SALLYPORT_ADMIN_URL',
  'SALLYPORT_BACKEND_URL',
  'SALLYPORT_FRONTEND_URL',
  'SALLYPORT_TRAEFIK_TLS',
  'SALLYPORT_ENTRY_POINTS',
  'SALLYPORT_PROXY_DEPTH',
]

/**
 * Makes every process's environment, by its name. The user's own settings beat the development defaults; what connects
 * the processes (ports, hosts, key files) is the launcher's, see `ignoredSettings`.
 */
export function environmentsOf(input: EnvironmentInput): Environments {
  const wiring = wiringInput(input)
  const environments = instancesOfRun(topologyOf(wiring.addresses)).map((instance) => [
    instance.name,
    environmentOf(wiring, instance),
  ])
  return Object.fromEntries(environments) as Environments
}

/** Names of user settings that a native run cannot honour, because the launcher wires them itself. */
export function ignoredSettings(input: EnvironmentInput): string[] {
  const wiring = wiringInput(input)
  const firsts = instancesOfRun(topologyOf(wiring.addresses)).filter(({ replica }) => replica === 0)
  const wired = firsts.flatMap((instance) => Object.keys(wiringOf(wiring, instance)))
  return wired.filter((name) => name in input.settings)
}

/** What is said of each of them. */
export function ignoredLine(name: string): string {
  return `${name} is ignored: a native run connects its processes itself`
}

function wiringInput(input: EnvironmentInput): WiringInput {
  return { ...input, addresses: addressesOf(input.ports) }
}

function environmentOf(input: WiringInput, instance: Instance): ChildEnvironment {
  const { service } = instance
  const isOwn = service !== 'redis' && service !== 'traefik'
  return {
    ...(isOwn && { SALLYPORT_MODE: 'development' }),
    ...(service === 'auth-sidecar' && sidecarDefaults(input, input.addresses)),
    ...sharedSettings(input.settings, service),
    ...(isOwn && ownSettings(input.settings, service)),
    ...wiringOf(input, instance),
  }
}

function ownSettings(settings: UserSettings, service: OwnService): ChildEnvironment {
  const own = Object.entries(settings).filter(([name]) => name.startsWith(prefixes[service]))
  return Object.fromEntries(own)
}

function sharedSettings(settings: UserSettings, service: ServiceName): ChildEnvironment {
  const isMeant = ([name]: [string, string]) => shared[name]?.includes(service)
  return Object.fromEntries(Object.entries(settings).filter(isMeant))
}

/** One issuer for all pairs: what one of them signs, every other takes. */
function sidecarDefaults(input: WiringInput, addresses: Addresses): ChildEnvironment {
  return {
    SIDECAR_ALLOWED_ORIGINS: publicOrigins(addresses).join(','),
    SIDECAR_ISSUER: `${addresses.public}/auth`,
    SIDECAR_USERS_FILE: input.state.users,
    SIDECAR_SECURE_COOKIES: 'false',
    SIDECAR_ALLOW_MISSING_ORIGIN: 'true',
    SALLYPORT_POLICY_FILE: join(input.root, 'sallyport.yml'),
  }
}

/** The services that the user set anything for: only their settings can be at fault. */
export function servicesWithSettings(settings: UserSettings): OwnService[] {
  const names = Object.keys(settings)
  const services = Object.keys(prefixes) as OwnService[]
  return services.filter((service) =>
    names.some((name) => name.startsWith(prefixes[service]) || shared[name]?.includes(service)),
  )
}
