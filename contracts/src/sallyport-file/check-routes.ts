// What routes, backends and issuers say about each other, and about what the gate keeps for itself. Pure: parts in,
// faults out. That each part is well formed is known already.

import type { CredentialWay } from '../identity.ts'
import type { Policy, Route } from '../policy.ts'
import { checkIssuers } from './check-issuers.ts'
import { place } from './describe-issues.ts'
import type { Path, PolicyFault, YamlFile } from './read-yaml.ts'

/** Our own backend, the only one that knows sockets which have yet to authenticate. */
export const ownBackend = 'ws-backend'

/** Services that the hand-written files of Traefik define; and a backend `master` would get the master key's file. */
const takenBackends = new Set([ownBackend, 'auth-sidecar', 'frontend', 'master'])

/** Every name in Traefik derives from a route's: what derives from another's, or stands already, is taken. */
const takenNames = new Set(['auth', 'pages', 'http', 'nothing', 'security', 'unavailable', 'strip'])
const takenEndings =
  /-(?:refused|foreign|probe|health|auth|cors|rate-limit|chain|headers|path|credentials)$/

/** Paths that the gate answers itself, on every host. */
const fixedPaths = new Set(['/ws/health', '/unavailable'])

/** Ways that a request without an upgrade can take. */
const httpWays: ReadonlySet<string> = new Set(['session-cookie', 'token-cookie', 'authorization'])

/** Whether a way can be on at such a route at all. */
export function canTake(
  { kind, backend }: Pick<Route, 'kind' | 'backend'>,
  way: CredentialWay,
): boolean {
  if (kind === 'http') return httpWays.has(way)
  return way !== 'first-message' || backend === ownBackend
}

/** Everything that is wrong between the parts. */
export function checkRoutes(
  policy: Policy,
  mode: 'development' | 'production',
  knownBackends: ReadonlySet<string>,
  file: YamlFile,
): PolicyFault[] {
  const faults: PolicyFault[] = []
  const add = (path: Path, message: string) => {
    faults.push(file.faultAt(path, place(path, message)))
  }
  for (const route of policy.routes) {
    const at = (member: keyof Route | 'login', message: string) =>
      add(['routes', route.name, member], message)
    if (takenNames.has(route.name) || takenEndings.test(route.name)) {
      const message = place(['routes', route.name], 'this name is taken, choose another')
      faults.push(file.faultAtKey(['routes'], route.name, message))
    }
    for (const message of pathFaults(route)) at('path', message)
    const backendFault = faultOfBackend(route, knownBackends)
    if (backendFault !== undefined) at('backend', backendFault)
    for (const message of kindFaults(route)) at(message.member, message.text)
    if (mode === 'production' && route.origins.some((origin) => origin.startsWith('http:'))) {
      at('origins', 'http:// origins are for development only')
    }
  }
  for (const name of Object.keys(policy.backends)) {
    if (takenBackends.has(name)) add(['backends', name], 'this name is taken, choose another')
  }
  for (const [first, second] of overlaps(policy.routes)) {
    add(['routes', second, 'path'], `route ${first} has this path on the same host already`)
  }
  checkIssuers(policy, mode, add)
  return faults
}

function pathFaults({ kind, path, hosts }: Route): string[] {
  const isUnder = (parent: string) => path === parent || path.startsWith(`${parent}/`)
  const taken = isUnder('/auth') || fixedPaths.has(path)
  if (taken) return ['the gate answers this path itself']
  if (kind === 'websocket') return path === '/' ? ['a websocket cannot stand at /'] : []
  // Below `/ws` stand health and probe; above it, a prefix takes everything.
  if (path === '/ws') return ['this path is kept for websockets']
  if (path === '/' && hosts.length === 0)
    return ['/ is the front end: give the route hosts of its own']
  return []
}

function faultOfBackend(route: Route, known: ReadonlySet<string>): string | undefined {
  if (route.kind === 'http' && route.backend === '') {
    return 'is missing: an http route needs one of backends'
  }
  if (route.kind === 'http' && route.backend === ownBackend) {
    return `${ownBackend} answers websockets only, an http route needs one of backends`
  }
  if (route.backend === ownBackend || known.has(route.backend)) return undefined
  return 'there is no such entry under backends'
}

type KindFault = { readonly member: 'ways' | 'login' | 'identityHeaders'; readonly text: string }

function kindFaults(route: Route): KindFault[] {
  const faults: KindFault[] = []
  const odd = route.ways.filter((way) => !canTake(route, way))
  if (odd.length > 0) {
    const rule = route.kind === 'http' ? 'for websockets only' : `for backend ${ownBackend} only`
    faults.push({ member: 'ways', text: `${odd.join(', ')}: ${rule}` })
  }
  if (route.ways.length === 0) faults.push({ member: 'ways', text: 'no way is left to get in' })
  if (!route.redirectToLogin) return faults
  if (route.kind === 'websocket') {
    faults.push({ member: 'login', text: 'a websocket cannot be sent to the login page' })
  }
  if (!route.ways.includes('session-cookie')) {
    faults.push({ member: 'login', text: 'whoever signs in has a session-cookie, add it to ways' })
  }
  // The login page is at / of the same host: it would be sent to itself.
  if (route.path === '/') {
    faults.push({ member: 'login', text: 'a route at / hides the login page of its host' })
  }
  return faults
}

/** Pairs of routes that claim one path on one host (or both on every host). */
function overlaps(routes: readonly Route[]): [string, string][] {
  const owners = new Map<string, string>()
  const pairs: [string, string][] = []
  for (const { name, path, hosts, kind } of routes) {
    const probe = kind === 'websocket' ? [`${path}/probe`] : []
    const keys = [path, ...probe].flatMap((own) =>
      (hosts.length > 0 ? hosts : ['*']).map((host) => `${host} ${own}`),
    )
    const taken = keys.map((key) => owners.get(key)).find((owner) => owner !== undefined)
    if (taken !== undefined) pairs.push([taken, name])
    for (const key of keys) owners.set(key, name)
  }
  return pairs
}
