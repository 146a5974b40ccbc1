import { parseSallyportFile } from '@sallyport/contracts/sallyport-file'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { renderRoutes } from './render-routes.ts'

type Named<Entry> = Readonly<Record<string, Entry>>
type Rendered = {
  readonly routers: Named<{
    rule: string
    priority: number
    middlewares: string[]
    service: string
  }>
  readonly middlewares: Named<Named<Named<unknown>>>
  readonly services?: Named<unknown>
}

const options = { entryPoints: ['web'], proxyDepth: 0 }

/** The `http` section that Traefik would read for these routes. */
function render(routes: string, more = '', given = options): Rendered {
  const policy = parseSallyportFile(`version: 1\nroutes:\n${routes}${more}`, {
    publicOrigins: ['https://app.example.com'],
    mode: 'production',
    defaults: { ways: ['session-cookie'], allowMissingOrigin: false, perMinute: 10 },
  })
  if (!policy.ok) throw new Error(JSON.stringify(policy.error))
  const text = renderRoutes(policy.value, given)
  return (parse(text) as { http: Rendered }).http
}

const backends = 'backends:\n  demo: { url: http://127.0.0.1:3000 }\n'
const pinned =
  'Method(`GET`) && Header(`Connection`,`Upgrade`) && HeaderRegexp(`Upgrade`,`(?i)^websocket$`) && ' +
  'Header(`Sec-WebSocket-Version`,`13`)'

describe('a websocket route', () => {
  it('RX.13 is pinned to its path and hosts, and comes before one for every host', () => {
    const { routers } = render(`
  any: { kind: websocket, path: /live }
  one: { kind: websocket, path: /live, hosts: [a.example.com] }
  two: { kind: websocket, path: /live, hosts: [b.example.com, c.example.com] }
`)
    expect(routers['any']?.rule).toBe(`Path(\`/live\`) && ${pinned}`)
    expect(routers['one']?.rule).toBe(`Host(\`a.example.com\`) && Path(\`/live\`) && ${pinned}`)
    expect(routers['two']?.rule).toBe(
      `(Host(\`b.example.com\`) || Host(\`c.example.com\`)) && Path(\`/live\`) && ${pinned}`,
    )
    const lowest = routers['one-refused']?.priority ?? 0
    expect(lowest).toBeGreaterThan(routers['any-foreign']?.priority ?? 0)
  })

  it('HDR-3 is judged by the path that was asked for, and moved to the backend’s only after that', () => {
    const { routers, middlewares } = render('  live: { kind: websocket, path: /live }\n')
    expect(routers['live']?.middlewares.slice(-2)).toEqual(['live-chain@file', 'live-path@file'])
    expect(routers['live-probe']?.middlewares.slice(-2)).toEqual([
      'live-probe-chain@file',
      'live-probe-path@file',
    ])
    expect(middlewares['live-path']).toEqual({ replacePath: { path: '/ws' } })
    expect(middlewares['live-auth']?.['forwardAuth']?.['address']).toBe(
      '{{ env "SALLYPORT_VERIFY_URL" }}/verify/live',
    )
    expect(middlewares['live-probe-auth']?.['forwardAuth']?.['address']).toBe(
      '{{ env "SALLYPORT_VERIFY_URL" }}/probe/live',
    )
  })

  it('RX.13 probes by POST with the header that no simple request can carry', () => {
    const { routers } = render('  websocket: { kind: websocket, path: /ws }\n')
    expect(routers['websocket-probe']?.rule).toBe(
      'Path(`/ws/probe`) && Method(`POST`) && Header(`X-Sallyport-Probe`,`1`)',
    )
    expect(routers['websocket-probe-refused']).toMatchObject({
      rule: 'Path(`/ws/probe`)',
      service: 'auth-sidecar',
    })
  })
})

describe('an http route', () => {
  it('HDR-3 takes its path and what is below, not what begins alike, and no upgrade', () => {
    const { routers } = render('  app: { kind: http, path: /app, backend: demo }\n', backends)
    expect(routers['app']?.rule).toBe(
      '(Path(`/app`) || PathPrefix(`/app/`)) && !HeaderRegexp(`Upgrade`,`.`)',
    )
    expect(routers['app-refused']).toMatchObject({
      rule: '(Path(`/app`) || PathPrefix(`/app/`))',
      service: 'auth-sidecar',
    })
  })

  it('HDR-3 never comes before the HTTP API or a websocket; the deeper path comes first', () => {
    const deep = `/${Array.from({ length: 16 }, () => 'x').join('/')}`
    const { routers } = render(
      `
  a: { kind: http, path: /a, backend: demo }
  b: { kind: http, path: /a/b, backend: demo }
  whole: { kind: http, path: /, hosts: [a.example.com], backend: demo }
  deep: { kind: http, path: ${deep}, hosts: [a.example.com], backend: demo }
`,
      backends,
    )
    const priority = (name: string) => routers[name]?.priority ?? 0
    expect(priority('deep')).toBeLessThan(80)
    expect(priority('a-refused')).toBeGreaterThan(2)
    expect(priority('b-refused')).toBeGreaterThan(priority('a'))
    expect(priority('whole-refused')).toBeGreaterThan(priority('b'))
  })

  it('RX.13 RX.6 asks about each request, with every identity header deleted first', () => {
    const { routers, middlewares, services } = render(
      '  app: { kind: http, path: /app, backend: demo }\n',
      backends,
    )
    expect(routers['app']).toMatchObject({ service: 'demo' })
    expect(middlewares['app-chain']).toEqual({
      chain: { middlewares: ['app-headers', 'app-cors', 'app-rate-limit', 'app-auth'] },
    })
    expect(middlewares['app-auth']?.['forwardAuth']).toMatchObject({
      address: '{{ env "SALLYPORT_VERIFY_URL" }}/request/app',
      preserveLocationHeader: true,
      authResponseHeaders: expect.arrayContaining(['Remote-User', 'Cookie', 'Authorization']),
    })
    expect(services).toMatchObject({
      demo: { loadBalancer: { servers: [{ url: 'http://127.0.0.1:3000' }] } },
    })
  })
})

describe('behind trusted proxies', () => {
  it('HDR-7 R4.2 counts addresses and asks the sidecar by what those say', () => {
    const { middlewares } = render('  websocket: { kind: websocket, path: /ws }\n', '', {
      ...options,
      proxyDepth: 2,
    })
    expect(middlewares['websocket-auth']?.['forwardAuth']?.['trustForwardHeader']).toBe(true)
    expect(middlewares['websocket-rate-limit']?.['rateLimit']).toMatchObject({
      sourceCriterion: { ipStrategy: { depth: 2, ipv6Subnet: 64 } },
    })
  })
})

it('RX.13 quotes so that Traefik reads its templates before the YAML', () => {
  const policy = parseSallyportFile('version: 1\n', {
    publicOrigins: ['https://app.example.com'],
    mode: 'production',
    defaults: { ways: ['session-cookie'], allowMissingOrigin: false, perMinute: 10 },
  })
  const text = policy.ok ? renderRoutes(policy.value, options) : ''
  const templates = [...text.matchAll(/\{\{.*?\}\}/g)].map(([template]) => template)
  expect(templates.length).toBeGreaterThan(3)
  for (const template of templates) expect(template).toMatch(/^\{\{ env "[A-Z_]+" \}\}$/)
})
