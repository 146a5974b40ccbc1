// One http route → its routers and middlewares: plain requests to a path and everything below it, each one asked about.

import type { Route } from '@sallyport/contracts/policy'
import {
  chain,
  cors,
  floodWall,
  onHosts,
  question,
  type RenderOptions,
  type RouteConfig,
} from './route-parts.ts'

/** Below the HTTP API (80) and every websocket (90 and more), above the pages (2); hosts of its own come first. */
const floors = { anyHost: 10, ownHosts: 45 } as const

/** Renders the route `name`; Traefik's names all derive from it. */
export function httpRoute(route: Route, options: RenderOptions): RouteConfig {
  const { name, path, backend } = route
  const { entryPoints } = options
  const isRoot = path === '/'
  // A plain prefix would take `/apple` for `/app`.
  const below = isRoot ? 'PathPrefix(`/`)' : `(Path(\`${path}\`) || PathPrefix(\`${path}/\`))`
  const rule = onHosts(route, below)
  const depth = isRoot ? 0 : path.split('/').length - 1
  const floor = route.hosts.length > 0 ? floors.ownHosts : floors.anyHost
  const priority = floor + 2 * depth
  return {
    routers: {
      [name]: {
        entryPoints,
        rule: `${rule} && !HeaderRegexp(\`Upgrade\`,\`.\`)`,
        priority: priority + 1,
        middlewares: ['app-headers@file', 'unavailable@file', `${name}-chain@file`],
        service: backend,
      },
      // An upgrade would leave the chain behind with its first request: 404 from the sidecar.
      [`${name}-refused`]: {
        entryPoints,
        rule,
        priority,
        middlewares: [
          'security-headers@file',
          'unavailable@file',
          'http-rate-limit@file',
          'strip-credentials@file',
        ],
        service: 'auth-sidecar',
      },
    },
    middlewares: {
      [`${name}-chain`]: chain('app-headers', `${name}-cors`, `${name}-rate-limit`, `${name}-auth`),
      [`${name}-cors`]: cors(
        route,
        ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
        ['Authorization', 'Content-Type', 'If-Match', 'If-None-Match', 'X-Requested-With'],
        { accessControlAllowCredentials: true },
      ),
      [`${name}-rate-limit`]: floodWall(50, 100, options),
      // Otherwise Traefik would resolve the login page's address against the sidecar's and show that.
      [`${name}-auth`]: question(`/request/${name}`, options, { preserveLocationHeader: true }),
    },
  }
}
