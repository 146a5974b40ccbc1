// State folder, ports and user settings → the environment of each child. Pure. A child gets what it needs
// and nothing else: no child inherits the environment of the shell that started the launcher.

import { join } from 'node:path'
import type { UserSettings } from './context.ts'
import { type Addresses, addressesOf, type ServiceName } from './endpoints.ts'
import type { ChosenPorts } from './ports.ts'
import { type StatePaths, tlsDirectory } from './state-folder.ts'
import { noProxies, proxyEnvironment, readTrustedProxies } from './traefik/trusted-proxies.ts'

export type ChildEnvironment = Readonly<Record<string, string>>

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

/** What Traefik's files read; the launcher sets them all. */
export const traefikSettingNames: readonly string[] = [
  'SALLYPORT_VERIFY_URL',
  'SALLYPORT_AUTH_URL',
  'SALLYPORT_BACKEND_URL',
  'SALLYPORT_FRONTEND_URL',
  'SALLYPORT_TRAEFIK_TLS',
  'SALLYPORT_ENTRY_POINTS',
  'SALLYPORT_PROXY_DEPTH',
]

/**
 * Makes every child's environment. The user's own settings beat the development defaults; what connects the
 * processes (ports, hosts, key files) is the launcher's, see `ignoredSettings`.
 */
export function environmentsOf(input: EnvironmentInput): Record<ServiceName, ChildEnvironment> {
  const addresses = addressesOf(input.ports)
  return {
    'auth-sidecar': serviceEnvironment(input, 'auth-sidecar', sidecarDefaults(input, addresses)),
    'ws-backend': serviceEnvironment(input, 'ws-backend', {}),
    frontend: serviceEnvironment(input, 'frontend', {}),
    traefik: {
      ...sharedSettings(input.settings, 'traefik'),
      SALLYPORT_VERIFY_URL: addresses.services['auth-sidecar'].verify,
      SALLYPORT_AUTH_URL: addresses.services['auth-sidecar'].auth,
      SALLYPORT_BACKEND_URL: addresses.services['ws-backend'].sockets,
      SALLYPORT_FRONTEND_URL: addresses.services.frontend.pages,
      SALLYPORT_TRAEFIK_TLS: tlsDirectory(input.state, 'traefik'),
      SALLYPORT_ENTRY_POINTS: input.ports.hasIpv6Loopback ? 'web,web6' : 'web',
      ...proxiesOf(input).traefik,
    },
  }
}

/** Names of user settings that a native run cannot honour, because the launcher wires them itself. */
export function ignoredSettings(input: EnvironmentInput): string[] {
  const wired = Object.values(wiring(input)).flatMap((variables) => Object.keys(variables))
  return [...wired, ...traefikSettingNames].filter((name) => name in input.settings)
}

function serviceEnvironment(
  input: EnvironmentInput,
  service: keyof typeof prefixes,
  defaults: ChildEnvironment,
): ChildEnvironment {
  const own = Object.entries(input.settings).filter(([name]) => name.startsWith(prefixes[service]))
  return {
    SALLYPORT_MODE: 'development',
    ...defaults,
    ...sharedSettings(input.settings, service),
    ...Object.fromEntries(own),
    ...wiring(input)[service],
  }
}

function sharedSettings(settings: UserSettings, service: ServiceName): ChildEnvironment {
  const isMeant = ([name]: [string, string]) => shared[name]?.includes(service)
  return Object.fromEntries(Object.entries(settings).filter(isMeant))
}

function sidecarDefaults(input: EnvironmentInput, addresses: Addresses): ChildEnvironment {
  return {
    SIDECAR_ALLOWED_ORIGINS: [addresses.public, ...addresses.publicAlternates].join(','),
    SIDECAR_ISSUER: `${addresses.public}/auth`,
    SIDECAR_USERS_FILE: input.state.users,
    SIDECAR_SECURE_COOKIES: 'false',
    SIDECAR_ALLOW_MISSING_ORIGIN: 'true',
    SALLYPORT_POLICY_FILE: join(input.root, 'sallyport.yml'),
  }
}

/** Faulty ones trust nobody; `decideRun` has refused them before anything is started. */
function proxiesOf({ settings }: EnvironmentInput) {
  const proxies = readTrustedProxies(settings)
  return proxyEnvironment(proxies.ok ? proxies.value : noProxies)
}

/** The services that the user set anything for: only their settings can be at fault. */
export function servicesWithSettings(settings: UserSettings): (keyof typeof prefixes)[] {
  const names = Object.keys(settings)
  const services = Object.keys(prefixes) as (keyof typeof prefixes)[]
  return services.filter((service) =>
    names.some((name) => name.startsWith(prefixes[service]) || shared[name]?.includes(service)),
  )
}

/** What connects the processes with each other. */
function wiring(input: EnvironmentInput) {
  const { state, ports } = input
  const { internal } = ports
  const loopback = '127.0.0.1'
  return {
    'auth-sidecar': {
      SIDECAR_HOST: loopback,
      SIDECAR_VERIFY_PORT: `${internal.verify}`,
      SIDECAR_AUTH_PORT: `${internal.auth}`,
      SIDECAR_INTERNAL_PORT: `${internal.internal}`,
      SIDECAR_MANAGEMENT_PORT: `${internal.sidecarManagement}`,
      SIDECAR_TLS_DIRECTORY: tlsDirectory(state, 'auth-sidecar'),
      SIDECAR_TOKEN_KEYS_FILE: state.tokenKeys,
      SIDECAR_ASSERTION_KEYS_FILE: state.assertionMaster,
      ...proxiesOf(input).sidecar,
    },
    'ws-backend': {
      BACKEND_HOST: loopback,
      BACKEND_PORT: `${internal.sockets}`,
      BACKEND_MANAGEMENT_PORT: `${internal.backendManagement}`,
      BACKEND_TLS_DIRECTORY: tlsDirectory(state, 'ws-backend'),
      BACKEND_AUTHORITY_URL: `https://${loopback}:${internal.internal}`,
      BACKEND_ASSERTION_KEYS_FILE: state.assertionBackend,
    },
    frontend: {
      FRONTEND_HOST: loopback,
      FRONTEND_PORT: `${internal.pages}`,
      FRONTEND_MANAGEMENT_PORT: `${internal.frontendManagement}`,
      FRONTEND_TLS_DIRECTORY: tlsDirectory(state, 'frontend'),
      FRONTEND_ASSETS_DIRECTORY: join(input.root, 'frontend', 'dist'),
    },
  } as const
}
