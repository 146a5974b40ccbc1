// Policy → Traefik's dynamic file of its routes. Pure: the same policy gives the same text, and Traefik applies no
// file twice. What is fixed (HTTP API, pages, security headers, own services) is written by hand beside it.

import type { Policy } from '@sallyport/contracts/policy'
import { stringify } from 'yaml'
import { httpRoute } from './routes/http-route.ts'
import type { RenderOptions, Tree } from './routes/route-parts.ts'
import { websocketRoute } from './routes/websocket-route.ts'

export type { RenderOptions } from './routes/route-parts.ts'

const heading = `# Made from sallyport.yml (\`make routes\`); do not edit. A native run makes its own copy, for its ports and with your
# sallyport.yml, in the state folder. What each part is for: launcher/src/traefik/routes/.
`

/** Renders `routes.yml`. */
export function renderRoutes(policy: Policy, options: RenderOptions): string {
  const configs = policy.routes.map((route) =>
    route.kind === 'websocket' ? websocketRoute(route, options) : httpRoute(route, options),
  )
  const merge = (trees: readonly Tree[]): Tree => Object.assign({}, ...trees) as Tree
  const services = Object.entries(policy.backends).map(([name, { url }]) => [
    name,
    {
      loadBalancer: { serversTransport: 'to-backends', passHostHeader: true, servers: [{ url }] },
    },
  ])
  const http = {
    ...(configs.length > 0 && {
      routers: merge(configs.map(({ routers }) => routers)),
      middlewares: merge(configs.map(({ middlewares }) => middlewares)),
    }),
    // An empty mapping is an error to Traefik.
    ...(services.length > 0 && { services: Object.fromEntries(services) as Tree }),
  }
  // Single quotes: Traefik reads the text as a Go template first, where \" would end a string.
  const text = stringify(
    { http },
    { singleQuote: true, aliasDuplicateObjects: false, lineWidth: 110 },
  )
  return `${heading}${text}`
}
