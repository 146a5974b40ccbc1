// One websocket route → its routers and middlewares. The pinned rule is a fixed interface: only a real upgrade, at
// exactly the path, ever reaches the chain that ends at the backend.

import type { Route } from '@sallyport/contracts/policy'
import {
  chain,
  cors,
  floodWall,
  guarded,
  onHosts,
  question,
  type RenderOptions,
  type RouteConfig,
  type Tree,
} from './route-parts.ts'

/** Where ws-backend takes sockets and probes, whatever the route's own path is. */
const backendPath = '/ws'

const upgrade =
  'Method(`GET`) && Header(`Connection`,`Upgrade`) && ' +
  'HeaderRegexp(`Upgrade`,`(?i)^websocket$`) && Header(`Sec-WebSocket-Version`,`13`)'

/** Renders the route `name`; Traefik's names all derive from it. */
export function websocketRoute(route: Route, options: RenderOptions): RouteConfig {
  return { routers: routers(route, options), middlewares: middlewares(route, options) }
}

function routers(route: Route, { entryPoints }: RenderOptions): Tree {
  const { name, path, backend } = route
  const exactly = onHosts(route, `Path(\`${path}\`)`)
  const probe = onHosts(route, `Path(\`${path}/probe\`)`)
  const pinned = `${exactly} && ${upgrade}`
  // A route with hosts of its own comes before one for every host.
  const priority = route.hosts.length > 0 ? 150 : 100
  const isMoved = path !== backendPath
  const moved = (middleware: string) => (isMoved ? [`${middleware}@file`] : [])
  const toBackend = isMoved && backend === 'ws-backend' ? [`${name}-path@file`] : []
  const through = [...guarded, `${name}-chain@file`, ...toBackend]
  return {
    [name]: { entryPoints, rule: pinned, priority, middlewares: through, service: backend },
    // The same for pages of other origins, on a router of their own: a flood wall is counted for each router, so
    // that no page can use up the budget that its visitor has at the gate's own pages.
    [`${name}-foreign`]: {
      entryPoints,
      rule: `${pinned} && ${foreign(route)}`,
      priority: priority + 5,
      middlewares: through,
      service: backend,
    },
    // Everything else at the path: 400, 405 or 426 from the sidecar; never the backend, never the front end's page.
    [`${name}-refused`]: {
      entryPoints,
      rule: exactly,
      priority: priority - 10,
      middlewares: [...guarded, `${name}-refusal-chain@file`, ...moved(`${name}-path`)],
      service: 'auth-sidecar',
    },
    [`${name}-probe`]: {
      entryPoints,
      rule: `${probe} && Method(\`POST\`) && Header(\`X-Sallyport-Probe\`,\`1\`)`,
      priority,
      middlewares: [...guarded, `${name}-probe-chain@file`, ...moved(`${name}-probe-path`)],
      service: 'ws-backend',
    },
    [`${name}-probe-refused`]: {
      entryPoints,
      rule: probe,
      priority: priority - 10,
      middlewares: [...guarded, `${name}-probe-refusal-chain@file`],
      service: 'auth-sidecar',
    },
  }
}

/** An Origin that is none of the route's. */
function foreign({ origins }: Route): string {
  const notOurs = origins.map((origin) => `!Header(\`Origin\`,\`${origin}\`)`)
  return ['HeaderRegexp(`Origin`,`.`)', ...notOurs].join(' && ')
}

function middlewares(route: Route, options: RenderOptions): Tree {
  const { name, path } = route
  return {
    // Security headers are outermost, or a 429 would lack them.
    [`${name}-chain`]: chain(
      'security-headers',
      `${name}-cors`,
      `${name}-rate-limit`,
      `${name}-auth`,
    ),
    // For what is no upgrade: the same without the question.
    [`${name}-refusal-chain`]: chain('security-headers', `${name}-cors`, `${name}-rate-limit`),
    [`${name}-probe-chain`]: chain(
      'security-headers',
      `${name}-probe-cors`,
      `${name}-rate-limit`,
      `${name}-probe-auth`,
    ),
    [`${name}-probe-refusal-chain`]: chain(
      'security-headers',
      `${name}-probe-cors`,
      `${name}-rate-limit`,
    ),
    [`${name}-cors`]: cors(
      route,
      ['GET', 'OPTIONS'],
      ['Authorization', 'Content-Type', 'Sec-WebSocket-Protocol'],
    ),
    [`${name}-probe-cors`]: cors(
      route,
      ['POST', 'OPTIONS'],
      ['Authorization', 'Content-Type', 'X-Sallyport-Probe'],
      { accessControlAllowCredentials: true, accessControlExposeHeaders: ['Retry-After'] },
    ),
    [`${name}-rate-limit`]: floodWall(10, 5, options),
    [`${name}-auth`]: question(`/verify/${name}`, options),
    [`${name}-probe-auth`]: question(`/probe/${name}`, options),
    ...(path !== backendPath && {
      // After the question: what is judged is the path that the client asked for.
      [`${name}-path`]: { replacePath: { path: backendPath } },
      [`${name}-probe-path`]: { replacePath: { path: `${backendPath}/probe` } },
    }),
  }
}
