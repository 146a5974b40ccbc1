// Every setting there is, asked of the code: the services' schemas, and what the launcher makes of a user's value.
// Knows no document.

import { settingsSchema as sidecar } from '../../auth-sidecar/src/config.ts'
import { settingsSchema as frontend } from '../../frontend/server/config.ts'
import { environmentsOf } from '../../launcher/src/environment.ts'
import type { ChosenPorts } from '../../launcher/src/ports.ts'
import { statePaths } from '../../launcher/src/state-folder.ts'
import { settingsSchema as backend } from '../../ws-backend/src/config.ts'
import { readSources, root } from './repository.ts'

const serviceNames = ['auth-sidecar', 'ws-backend', 'frontend'] as const

type Service = (typeof serviceNames)[number]

/** What the launcher gives each service of a native run on its usual ports, for the settings of a user. */
export function nativeEnvironments(settings: Readonly<Record<string, string>>) {
  const ports: ChosenPorts = {
    replicas: [
      {
        public: 8080,
        management: 8090,
        verify: 1,
        auth: 2,
        internal: 3,
        admin: 4,
        sidecarManagement: 5,
        sockets: 6,
        backendManagement: 7,
      },
    ],
    frontend: { pages: 8, management: 9 },
    hasIpv6Loopback: true,
  }
  return environmentsOf({ root, state: statePaths(`${root}.sallyport`), ports, settings })
}

const namesOf: Readonly<Record<Service, readonly string[]>> = {
  'auth-sidecar': Object.keys(sidecar.shape),
  'ws-backend': Object.keys(backend.shape),
  frontend: Object.keys(frontend.shape),
}

/** Every name in a service's schema. */
export const serviceSettings: ReadonlySet<string> = new Set(
  serviceNames.flatMap((service) => namesOf[service]),
)

/** Those that reach a service as the user set them. */
export const userSettings: ReadonlySet<string> = new Set(
  serviceNames.flatMap((service) =>
    namesOf[service].filter(
      (name) => nativeEnvironments({ [name]: 'probe' })[service][name] === 'probe',
    ),
  ),
)

/** The system's own, which have their meaning everywhere. */
const systemVariables: ReadonlySet<string> = new Set(['HOME', 'PATH', 'XDG_CACHE_HOME', 'NO_COLOR'])

const launcherReads = [
  /\bsettings\['([A-Z_]+)'\]/g,
  /\bsettings, '([A-Z_]+)'/g,
  /\{ ([A-Z_, ]+) \} = (?:\w+\.)*settings\b/g,
]

/** What the launcher itself asks for; what it always sets is left out. */
export function launcherSettings(): ReadonlySet<string> {
  const texts = [...readSources(/^launcher\/src\/.*(?<!\.test)\.ts$/).values()]
  const names = texts.flatMap((text) =>
    launcherReads.flatMap((form) =>
      [...text.matchAll(form)].flatMap(([, found = '']) => found.split(', ')),
    ),
  )
  return new Set(names.filter((name) => !systemVariables.has(name) && !serviceSettings.has(name)))
}

/** The default of a setting as one would write it; undefined where there is none. */
export function defaultOf(name: string): string | undefined {
  const shapes: Readonly<Record<string, { safeParse: (value: unknown) => { data?: unknown } }>> = {
    ...sidecar.shape,
    ...backend.shape,
    ...frontend.shape,
  }
  const value = shapes[name]?.safeParse(undefined).data
  return value === undefined ? undefined : `${value as string | number | boolean}`
}
