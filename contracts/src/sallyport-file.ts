// `sallyport.yml` → a complete policy, or everything that is wrong with it, by line and column. The one reader of the
// file: launcher, sidecar and `check-config` all ask here. Reads no file and no environment.

import type { CredentialWay } from './identity.ts'
import type { Policy, Route, TrustedIssuer } from './policy.ts'
import { err, ok, type Result } from './result.ts'
import { defaultPrefix } from './sallyport-file/check-issuers.ts'
import { canTake, checkRoutes, ownBackend } from './sallyport-file/check-routes.ts'
import { type Part, type Parts, readParts } from './sallyport-file/read-parts.ts'
import { type PolicyFault, readYaml } from './sallyport-file/read-yaml.ts'
import { type IssuerEntry, type RouteEntry, routeSchema } from './sallyport-file/schema.ts'

export type { PolicyFault } from './sallyport-file/read-yaml.ts'

/** What the file may leave out because the run says it. */
export type SallyportFileOptions = {
  /** The gate's own addresses: what `public` stands for among origins. */
  readonly publicOrigins: readonly string[]
  readonly mode: 'development' | 'production'
  readonly defaults: {
    readonly ways: readonly CredentialWay[]
    readonly allowMissingOrigin: boolean
    /** Attempts of one address. */
    readonly perMinute: number
  }
}

/** The ways that are on where nothing else is said. */
export const defaultWays: readonly CredentialWay[] = [
  'session-cookie',
  'authorization',
  'subprotocol',
  'ticket',
]

/** More than anybody reads at once. */
const maxFaults = 100

const defaultRoutes = [
  { name: 'websocket', entry: routeSchema.parse({ kind: 'websocket', path: '/ws' }) },
]

/** Reads the file's text; the error names every fault, by line. */
export function parseSallyportFile(
  text: string,
  options: SallyportFileOptions,
): Result<Policy, readonly PolicyFault[]> {
  const file = readYaml(text)
  if (!file.ok) return file
  const parts = readParts(file.value)
  const policy = completePolicy(parts, options)
  const between = checkRoutes(policy, options.mode, parts.backendNames, file.value)
  const faults = [...file.value.faults, ...parts.faults, ...between]
  if (faults.length === 0) return ok(policy)
  return err(faults.toSorted((a, b) => a.line - b.line || a.column - b.column).slice(0, maxFaults))
}

/** The policy of a run without a file: the one websocket route. */
export function defaultPolicy(options: SallyportFileOptions): Policy {
  const routes = defaultRoutes.map((part) => completeRoute(part, options))
  return { routes, backends: {}, issuers: [], addresses: { unlimited: [], blocked: [] } }
}

/** A fault as compilers print one: `sallyport.yml:12:5: …`. */
export function formatPolicyFault(file: string, { line, column, message }: PolicyFault): string {
  return `${file}:${line}:${column}: ${message}`
}

/** The fault of a file that is not there: a missing one is no empty one. */
export function formatMissingFile(file: string): string {
  return `${file}: is missing or cannot be read: bring it back, or name another one in SALLYPORT_POLICY_FILE`
}

function completePolicy(parts: Parts, options: SallyportFileOptions): Policy {
  const routes = parts.hasRoutes ? parts.routes : defaultRoutes
  return {
    routes: routes.map((part) => completeRoute(part, options)),
    backends: Object.fromEntries(parts.backends.map(({ name, entry }) => [name, entry])),
    issuers: parts.issuers.map(({ entry }) => completeIssuer(entry)),
    addresses: parts.addresses,
  }
}

function completeRoute(part: Part<RouteEntry>, options: SallyportFileOptions): Route {
  const { name, entry } = part
  const { defaults, publicOrigins } = options
  const { login, audience, attempts, origins, ...given } = entry
  const backend = entry.backend ?? (entry.kind === 'http' ? '' : ownBackend)
  const listed = origins.flatMap((origin) => (origin === 'public' ? publicOrigins : [origin]))
  return {
    ...given,
    name,
    backend,
    ways: entry.ways ?? defaults.ways.filter((way) => canTake({ ...entry, backend }, way)),
    origins: [...new Set(listed)],
    allowMissingOrigin: entry.allowMissingOrigin ?? defaults.allowMissingOrigin,
    audience,
    attempts: { ...attempts, perMinute: attempts.perMinute ?? defaults.perMinute },
    redirectToLogin: login === 'redirect',
  }
}

function completeIssuer({ tokenType, prefix, ...entry }: IssuerEntry): TrustedIssuer {
  return { ...entry, tokenType, prefix: prefix ?? defaultPrefix(entry.issuer) }
}
