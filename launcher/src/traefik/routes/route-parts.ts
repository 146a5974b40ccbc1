// Pieces that every rendered route is made of: rules, the question to the sidecar, limits, CORS. Pure; plain values of
// Traefik's dynamic configuration. Hosts, paths and origins were checked letter by letter when the file was read.

import {
  credentialHeaders,
  identityHeaderPattern,
  identityHeaders,
} from '@sallyport/contracts/identity-headers'
import { applicationHeaders, type Route } from '@sallyport/contracts/policy'

export type Tree = Readonly<Record<string, unknown>>

/** What of Traefik's `http` section a route adds. */
export type RouteConfig = { readonly routers: Tree; readonly middlewares: Tree }

export type RenderOptions = {
  readonly entryPoints: readonly string[]
  /** How many trusted proxies stand in front; 0: none, the peer is the client. */
  readonly proxyDepth: number
}

/** Refusals and outages look alike on every guarded router. */
export const guarded = ['security-headers@file', 'unavailable@file'] as const

/** `Host(…) && ` for the routes that have hosts of their own. */
export function onHosts({ hosts }: Route, rule: string): string {
  const matchers = hosts.map((host) => `Host(\`${host}\`)`)
  if (matchers.length === 0) return rule
  return `${matchers.length === 1 ? matchers[0] : `(${matchers.join(' || ')})`} && ${rule}`
}

/**
 * The subrequest that decides. Everything in authResponseHeaders is deleted from the client's request and then set from
 * the sidecar's answer: the backend sees no credential, and no client can set an identity.
 */
export function question(path: string, { proxyDepth }: RenderOptions, more: Tree = {}): Tree {
  const tls = (file: string) => `{{ env "SALLYPORT_TRAEFIK_TLS" }}/${file}`
  return {
    forwardAuth: {
      address: `{{ env "SALLYPORT_VERIFY_URL" }}${path}`,
      // False: X-Forwarded-* is rebuilt from the connection itself, what a client sends under these names is dropped.
      trustForwardHeader: proxyDepth > 0,
      authResponseHeaders: [...identityHeaders, ...credentialHeaders, ...applicationHeaders],
      authResponseHeadersRegex: identityHeaderPattern,
      // Allocated for every request: small on purpose.
      maxResponseBodySize: 4096,
      ...more,
      tls: { ca: tls('authority.pem'), cert: tls('certificate.pem'), key: tls('key.pem') },
    },
  }
}

/** A flood wall in memory, for each entry point, router and address. */
export function floodWall(average: number, burst: number, { proxyDepth }: RenderOptions): Tree {
  return {
    rateLimit: {
      average,
      period: '1s',
      burst,
      sourceCriterion: { ipStrategy: { depth: proxyDepth, ipv6Subnet: 64 } },
    },
  }
}

/** CORS labels for the origins of a route; Traefik answers preflights with them and refuses nothing. */
export function cors(
  route: Route,
  methods: readonly string[],
  headers: readonly string[],
  more: Tree = {},
): Tree {
  return {
    headers: {
      accessControlAllowMethods: methods,
      accessControlAllowHeaders: headers,
      accessControlAllowOriginList: route.origins,
      accessControlMaxAge: 600,
      addVaryHeader: true,
      ...more,
    },
  }
}

export function chain(...middlewares: readonly string[]): Tree {
  return { chain: { middlewares } }
}
